"""The company-wide risk engine: what it thinks of a subject, if it is there to ask.

It advises and never decides: its answer can list a subject sooner, within the ceilings of our own rules.
Answers are kept as long as the engine says. It is asked by the detector and for callers outside the mesh,
never on the path of a call; whoever may not wait looks at what is known and has the rest asked behind it.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

import structlog

from domain.risk.states import State
from domain.risk.subjects import Subject
from domain.shared.instants import SECOND, Instant
from servers.mesh.breaker import Breaker
from servers.mesh.clock import Clock
from servers.mesh.http_client import Endpoint

_log = structlog.get_logger("nectary.risk")

TIMEOUT_SECONDS = 0.3
PROBE_SECONDS = 1.0
"""While the breaker is open, one question in so long."""
MOST_KEPT = 50_000
MOST_ASKED = 64
"""At once; what comes on top is not asked."""
LONGEST_KEPT_SECONDS = 3_600
MAX_REASON = 80


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the engine thinks of a subject in a scene."""

    state: State
    """NONE, SUSPECT, CHALLENGED or CONFIRMED."""
    reason: str
    keep_seconds: int
    """How long it may be kept: 0 to LONGEST_KEPT_SECONDS."""


class EngineProvider(Protocol):
    """Asks an engine."""

    async def assess(self, subject: Subject, scene: str) -> Assessment:
        """Raises anything if there is no answer; the caller bounds the time."""
        ...


class HttpEngine:
    """An engine that takes `{"kind", "value", "scene"}` and answers `{"state", "reason", "keep_seconds"}`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def assess(self, subject: Subject, scene: str) -> Assessment:
        """Raises TimeoutError, OSError, HttpError or ValueError."""
        question = {"kind": subject.kind.value, "value": subject.value, "scene": scene}
        answer = await self._endpoint.post(question, timeout_seconds=TIMEOUT_SECONDS)
        if not answer.is_good:
            raise ValueError(f"the engine answered {answer.status}")
        return _assessment(answer.json())


class Engine:
    """An engine with a memory and a breaker: it never raises, and its absence costs nobody time for long."""

    def __init__(self, provider: EngineProvider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._kept: OrderedDict[_Key, tuple[Instant, Assessment]] = OrderedDict()
        self._asking: dict[_Key, asyncio.Task[Assessment | None]] = {}
        self._breaker = Breaker()
        self._next_probe = 0.0

    def known(self, subject: Subject, scene: str) -> Assessment | None:
        """What is known now; what is not is asked behind the caller's back. Never waits."""
        kept = self._fresh((subject, scene))
        if kept is None:
            self._begin((subject, scene))
        return kept

    async def assess(self, subject: Subject, scene: str) -> Assessment | None:
        """The engine's answer, kept or new, within TIMEOUT_SECONDS; None if there is none."""
        kept = self._fresh((subject, scene))
        if kept is not None:
            return kept
        asking = self._begin((subject, scene))
        # Shielded: one who is cancelled must not take the answer from the others.
        return await asyncio.shield(asking) if asking else None

    async def close(self) -> None:
        """Ends what is being asked."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _fresh(self, key: "_Key") -> Assessment | None:
        until, kept = self._kept.get(key, (0, None))
        return kept if self._clock.now() < until else None

    def _begin(self, key: "_Key") -> asyncio.Task[Assessment | None] | None:
        """One question for all who have it."""
        if key in self._asking:
            return self._asking[key]
        if len(self._asking) >= MOST_ASKED or not self._may_ask():
            return None
        task = asyncio.create_task(self._ask(key), name="risk engine")
        self._asking[key] = task
        task.add_done_callback(lambda _: self._asking.pop(key))
        return task

    def _may_ask(self) -> bool:
        if not self._breaker.is_open:
            return True
        now = asyncio.get_running_loop().time()
        if now < self._next_probe:
            return False
        self._next_probe = now + PROBE_SECONDS
        return True

    async def _ask(self, key: "_Key") -> Assessment | None:
        was_open = self._breaker.is_open
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                assessment = await self._provider.assess(*key)
        except Exception as error:
            self._failed(was_open, error)
            return None
        self._answered(was_open)
        self._keep(key, assessment)
        return assessment

    def _answered(self, was_open: bool) -> None:
        if not was_open:
            self._breaker.succeeded()
        elif self._breaker.probed(good=True):
            self._breaker.close()
            _log.info("risk_engine_answers_again")

    def _failed(self, was_open: bool, error: Exception) -> None:
        if was_open:
            self._breaker.probed(good=False)
            return
        self._breaker.failed(asyncio.get_running_loop().time())
        if self._breaker.is_open:
            _log.warning("risk_engine_is_absent", error=repr(error))

    def _keep(self, key: "_Key", assessment: Assessment) -> None:
        self._kept[key] = self._clock.now() + assessment.keep_seconds * SECOND, assessment
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


_Key = tuple[Subject, str]


def _assessment(found: object) -> Assessment:
    """Raises ValueError if it is none."""
    if not isinstance(found, dict) or not isinstance(found.get("keep_seconds"), int):
        raise ValueError("the engine's answer is no assessment")
    state = State(str(found.get("state")))
    if state in {State.RELEASED, State.ALLOWED}:
        raise ValueError(f"the engine cannot say {state}")
    keep = min(max(found["keep_seconds"], 0), LONGEST_KEPT_SECONDS)
    return Assessment(state, str(found.get("reason", ""))[:MAX_REASON], keep)
