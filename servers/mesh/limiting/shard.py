"""The windows that one Redis server holds, and what is done about them while it does not answer.

Concurrent requests share one script call. It runs in a task of its own, so that a caller who leaves
disturbs no connection. A call that is slow is decided here and never repeated: it may have been counted.
"""

import asyncio
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from redis.exceptions import BusyLoadingError, NoScriptError, ResponseError

from servers.mesh.batching import Coalescer, for_two
from servers.mesh.breaker import Breaker
from servers.mesh.brief_calls import BriefCalls
from servers.mesh.limiting.demand import Demand
from servers.mesh.limiting.keys import epoch_key
from servers.mesh.limiting.script import (
    DECIDE,
    MOST_REQUESTS,
    Answer,
    Answers,
    Request,
    answered,
    encoded,
)
from servers.mesh.limiting.server_time import ServerTime
from servers.mesh.limiting.shadow import Shadow
from servers.mesh.redis_clients import STORE_ERRORS, AnyRedis
from servers.mesh.redis_scripts import Script

_log = structlog.get_logger("nectary.limiting")

SLOW_SECONDS = 0.02
"""A script call that takes longer is not waited for."""
SEND_SECONDS = 0.2
"""For the script itself, once for each server."""
MOST_WAITING = 4096
PAUSE_SECONDS = 0.001
"""That a crowd gathers for. To send and to receive costs much more than a decision more in what is sent."""
UNKNOWN_EPOCH = b""
UNKNOWN_HOME = b""
NOT_DONE = (ResponseError, BusyLoadingError)
"""Those that say that nothing was counted. Of the others nobody knows."""


class Undecided(Exception):
    """The store has not decided."""

    def __init__(self, *, may_be_counted: bool) -> None:
        super().__init__("the store has not decided")
        self.may_be_counted = may_be_counted
        """Whether it was asked, and so may have counted all the same."""


class Shard:
    """One shard of the windows: whether it can be asked, and asking it."""

    def __init__(
        self,
        number: int,
        client: AnyRedis,
        server_time: ServerTime,
        replica: str,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        self.number = number
        self.slow_seconds = slow_seconds
        self.client = client
        self.server_time = server_time
        self.replica = replica
        self.replicas: frozenset[str] = frozenset()
        """Those that were alive when the store last answered, this one included."""
        self.awaited: set[str] = set()
        """Those that were alive before a loss, and so have something to push."""
        self.shadow = Shadow()
        self.breaker = Breaker()
        self.demand = Demand()
        self.epoch = UNKNOWN_EPOCH
        self.home = UNKNOWN_HOME
        """Names the server process that counts."""
        self._decides = DECIDE
        self.settled = asyncio.Event()
        """Whether the store counts all that live replicas have admitted."""
        self._ask = Coalescer(
            self._decide, max_size=MOST_REQUESTS, max_waiting=MOST_WAITING, pause=for_two(PAUSE_SECONDS)
        )
        self._calls = BriefCalls()

    @property
    def can_decide(self) -> bool:
        """Whether asking it is worth while."""
        return not self.breaker.is_open and self.settled.is_set()

    @property
    def live_replicas(self) -> int:
        """How many they are, this one included."""
        return max(len(self.replicas), 1)

    def count(self, windows: Iterable[bytes]) -> None:
        """Each of these was decided on once."""
        self.demand.count(windows, self.live_replicas, time.monotonic())

    async def ask(self, request: Request) -> Answer:
        """The store's decision. Raises Undecided if it is slow, Unavailable if too many wait."""
        return await self._ask(request)

    async def tell(self, requests: Sequence[Request]) -> Sequence[Answer | Exception]:
        """The answers to at most MOST_REQUESTS that nobody waits for; Undecided where there is none."""
        return await self._decide(requests)

    async def run(
        self, script: Script, keys: Sequence[bytes], arguments: Sequence[bytes], seconds: float
    ) -> list[Any]:
        """A script's reply. Raises one of STORE_ERRORS; after a TimeoutError it may run all the same."""
        reply: list[Any] = await self._calls.run(script.run(self.client, keys, arguments), seconds)
        return reply

    async def settle(self) -> None:
        """Lets the store decide. Raises one of STORE_ERRORS.

        Its server is sent the script under a name that no other knows. So if another takes its place,
        with a copy that may lack the last decisions, it decides nothing before the heart has looked.
        """
        decides = DECIDE.for_home(self.home)
        keys, arguments = encoded((), epoch_key(self.number), self.epoch_arguments())
        await self._calls.run(decides.send(self.client, keys, arguments), SEND_SECONDS)
        self._decides = decides
        self.settled.set()

    def epoch_arguments(self) -> list[bytes]:
        """What every script is told first: the epoch known here, and a name for a new one."""
        return [self.epoch, secrets.token_hex(8).encode()]

    def unsettle(self, epoch: bytes, kept_ms: int) -> None:
        """The store has another epoch: what it counted from `kept_ms` on may be lost."""
        if self.epoch != UNKNOWN_EPOCH:
            _log.warning("limiter_lost_windows", shard=self.number, epoch=epoch.decode(), kept_ms=kept_ms)
        self.epoch = epoch
        self.awaited = set(self.replicas)
        self.settled.clear()
        self.shadow.told_until(kept_ms)

    def missed(self, error: Exception, calls: int = 1) -> None:
        """So many calls got no answer."""
        was_open = self.breaker.is_open
        self.breaker.failed(time.monotonic(), calls)
        if self.breaker.is_open and not was_open:
            _log.warning("limiter_alone", shard=self.number, error=repr(error))

    async def close(self) -> None:
        """Returns when nothing is under way."""
        await self._ask.drain()
        await self._calls.close()

    async def _decide(self, batch: Sequence[Request]) -> Sequence[Answer | Exception]:
        if not self.can_decide:
            return [Undecided(may_be_counted=False)] * len(batch)
        asked = time.monotonic()
        try:
            answers = await self._answers(batch)
        except NoScriptError:
            # Another server, or one that forgot its scripts: the heart finds out.
            self.settled.clear()
            return [Undecided(may_be_counted=False)] * len(batch)
        except STORE_ERRORS as error:
            self.missed(error, len(batch))
            return [Undecided(may_be_counted=not isinstance(error, NOT_DONE))] * len(batch)
        self.breaker.succeeded(len(batch))
        self.count(window for request in batch for window in request.windows)
        self.server_time.observe(answers.now_ms, asked)
        if answers.damaged:
            _log.error("limiter_window_damaged", shard=self.number, windows=answers.damaged)
        if answers.answers is None:
            self.settled.clear()
            return [Undecided(may_be_counted=False)] * len(batch)
        return answers.answers

    async def _answers(self, batch: Sequence[Request]) -> Answers:
        keys, arguments = encoded(batch, epoch_key(self.number), self.epoch_arguments())
        decided = self._decides.run_known(self.client, keys, arguments)
        return answered(batch, await self._calls.run(decided, self.slow_seconds))
