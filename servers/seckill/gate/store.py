"""The Redis that holds the gates: asked briefly, in one pipeline, and not at all while it does not answer.

A call that is slow is not repeated and not cancelled: it may have been done, and its connection waits for
its answer. On one server all calls go in one pipeline, and one breaker guards them; on a cluster each goes
to its own server, and each activity has its own breaker.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import structlog
from redis.asyncio import RedisCluster
from redis.exceptions import NoScriptError

from servers.mesh.breaker import Breaker
from servers.mesh.brief_calls import BriefCalls
from servers.mesh.redis_clients import STORE_ERRORS, AnyRedis
from servers.mesh.redis_scripts import Script
from servers.seckill.gate.keys import gate_keys, probe_key

_log = structlog.get_logger("nectary.seckill")

SLOW_SECONDS = 0.02
"""A pipeline that takes longer is not waited for."""
PATIENT_SECONDS = 0.4
"""For work that no buyer waits for."""
MOST_BREAKERS = 1024
EVERYBODY = "all"
"""The name of the one breaker of a single server."""
_PROBE_MS = 1_000

Reply = list[Any]


class Call(NamedTuple):
    """One script about one activity."""

    activity_id: str
    script: Script
    arguments: Sequence[bytes]


class Away(Exception):
    """The store was not asked: it has not answered lately."""


class GateStore:
    """Runs scripts on gates."""

    def __init__(
        self, client: AnyRedis, ahead: Callable[[], int], slow_seconds: float = SLOW_SECONDS
    ) -> None:
        """`ahead`: how many us the business is ahead of real time; 0 but under a test clock."""
        self._client = client
        self._ahead = ahead
        self._slow_seconds = slow_seconds
        self._calls = BriefCalls()
        self._breakers: OrderedDict[str, Breaker] = OrderedDict()
        self._is_cluster = isinstance(client, RedisCluster)
        self._is_ready = asyncio.Event()
        self._getting_ready = asyncio.Lock()

    @property
    def away_seconds(self) -> float:
        """For how long it has not been asked; on a cluster, the activity that has waited longest."""
        now = time.monotonic()
        return max((breaker.open_seconds(now) for breaker in self._breakers.values()), default=0.0)

    async def run(self, calls: Sequence[Call], seconds: float | None = None) -> list[Reply | Exception]:
        """A reply each, or what went wrong with it: one of STORE_ERRORS, or Away. Never raises those.

        With `seconds` no buyer waits for it: then a store that did not answer is asked again sooner.
        """
        askable = [call for call in calls if self.answers(call.activity_id, at_once=seconds is None)]
        if not askable:
            return [Away("the store does not answer")] * len(calls)
        replies = await self._asked(askable, self._slow_seconds if seconds is None else seconds)
        for call, reply in zip(askable, replies, strict=True):
            self._note(call.activity_id, reply)
        if len(askable) == len(calls):
            return replies
        answered = iter(replies)
        return [next(answered) if call in askable else Away("the store does not answer") for call in calls]

    async def run_one(self, call: Call, seconds: float = PATIENT_SECONDS) -> Reply:
        """The reply. Raises one of STORE_ERRORS, or Away."""
        (reply,) = await self.run([call], seconds)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def answers(self, activity_id: str, *, at_once: bool = False) -> bool:
        """Whether it is asked; `at_once`: also for a buyer who waits."""
        breaker = self._breaker_of(activity_id)
        return not breaker.is_open or (breaker.is_hopeful and not at_once)

    async def probe(self) -> None:
        """Sees whether what did not answer does again."""
        for name, breaker in [entry for entry in self._breakers.items() if entry[1].is_open]:
            try:
                # A store that can only read is none.
                call = self._client.set(probe_key(name), 1, px=_PROBE_MS)
                await self._calls.run(_awaited(call), self._slow_seconds)
                good = True
            except STORE_ERRORS:
                good = False
            if breaker.probed(good):
                breaker.close()
                _log.info("seckill_gate_back", name=name)

    async def close(self) -> None:
        """Returns when nothing is under way. The client is the caller's."""
        await self._calls.close()

    async def _asked(self, calls: Sequence[Call], seconds: float) -> list[Reply | Exception]:
        if self._is_cluster:
            return await asyncio.gather(*(self._alone(call, seconds) for call in calls))
        if len(calls) == 1:
            return [await self._alone(calls[0], seconds)]
        try:
            return await self._calls.run(self._pipelined(calls), seconds)
        except STORE_ERRORS as error:
            return [error] * len(calls)

    async def _alone(self, call: Call, seconds: float) -> Reply | Exception:
        try:
            reply: Reply | int = await self._calls.run(self._by_itself(call), seconds)
        except STORE_ERRORS as error:
            return error
        return _listed(reply)

    async def _by_itself(self, call: Call) -> Any:
        if self._is_cluster and not self._is_ready.is_set():
            await self._get_ready()
        return await call.script.run(self._client, gate_keys(call.activity_id), self._argued(call))

    async def _get_ready(self) -> None:
        # Of a cluster's client that many use before it has seen the cluster, most calls fail.
        async with self._getting_ready:
            if not self._is_ready.is_set():
                await self._client.initialize()
                self._is_ready.set()

    async def _pipelined(self, calls: Sequence[Call]) -> list[Reply | Exception]:
        replies = await self._piped([("EVALSHA", call.script.name, call) for call in calls])
        unknown = [at for at, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            # Not done, for sure: the server did not know what to do.
            again = await self._piped([("EVAL", calls[at].script.text, calls[at]) for at in unknown])
            for at, reply in zip(unknown, again, strict=True):
                replies[at] = reply
        return [reply if isinstance(reply, Exception) else _listed(reply) for reply in replies]

    async def _piped(self, commands: Sequence[tuple[str, str, Call]]) -> list[Any]:
        # redis-py has no types for commands by name.
        pipeline: Any = self._client.pipeline(transaction=False)
        for command, script, call in commands:
            keys = gate_keys(call.activity_id)
            pipeline.execute_command(command, script, len(keys), *keys, *self._argued(call))
        replies: list[Any] = await pipeline.execute(raise_on_error=False)
        return replies

    def _argued(self, call: Call) -> list[bytes]:
        return [b"%d" % self._ahead(), *call.arguments]

    def _breaker_of(self, activity_id: str) -> Breaker:
        name = activity_id if self._is_cluster else EVERYBODY
        breaker = self._breakers.get(name)
        if breaker is None:
            breaker = self._breakers[name] = Breaker()
            if len(self._breakers) > MOST_BREAKERS:
                self._breakers.popitem(last=False)
        return breaker

    def _note(self, activity_id: str, reply: Reply | Exception) -> None:
        breaker = self._breaker_of(activity_id)
        if not isinstance(reply, Exception):
            breaker.succeeded()
            return
        was_open = breaker.is_open
        breaker.failed(time.monotonic())
        if breaker.is_open and not was_open:
            _log.warning("seckill_gate_away", activity_id=activity_id, error=repr(reply))


async def _awaited(call: Any) -> None:
    await call


def _listed(reply: Reply | int) -> Reply:
    return reply if isinstance(reply, list) else [reply]
