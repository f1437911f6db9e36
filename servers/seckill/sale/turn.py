"""Whose turn it is to commit a group of an activity: one process at a time, in the usual case.

Two that commit at once do no harm: the activity's version lets one of them pass, and the other begins
again. The turn only spares that work. So whoever does not get it soon, or finds no Redis, goes on without;
and a holder that slept past its time is stopped by the version, not by a clock.
"""

import asyncio
import secrets
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisClusterException, RedisError

from servers.mesh.brief_calls import BriefCalls
from servers.mesh.redis_clients import AnyRedis
from servers.mesh.redis_scripts import Script

TURN_MS = 1_000
"""A holder that died keeps the others waiting so long at most; but see PATIENCE_SECONDS."""
OWN_SECONDS = 0.02
"""So long a holder goes on without asking whether another waits."""
PATIENCE_SECONDS = 0.05
"""So long one waits before it goes on without a turn."""
POLL_SECONDS = 0.004
SLOW_SECONDS = 0.02
AWAY_SECONDS = 1.0
"""So long a Redis that did not answer is not asked."""
TROUBLE = (RedisError, RedisClusterException, OSError, TimeoutError)

TURN = Script.of(__package__, "turn.lua")


def turn_key(activity_id: str) -> bytes:
    """In the slot of the activity's gate."""
    return b"sk:{%s}:turn" % activity_id.encode()


@dataclass
class _Held:
    """A turn of this process."""

    asked: float
    giving: asyncio.TimerHandle | None = None


class Turns:
    """The turns of one process."""

    def __init__(self, client: AnyRedis) -> None:
        self._client = client
        self._me = secrets.token_hex(8).encode()
        self._calls = BriefCalls()
        self._held: dict[str, _Held] = {}
        self._away_until = float("-inf")
        self._giving: set[asyncio.Task[bool]] = set()

    async def take(self, activity_id: str) -> None:
        """Returns when it is our turn, or when it is not worth waiting for."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not await self._is_ours(activity_id):
            now = time.monotonic()
            if now >= end or now < self._away_until:
                return
            await asyncio.sleep(POLL_SECONDS)

    def done(self, activity_id: str, *, more: bool) -> None:
        """A group was committed. Unless more of them come at once, somebody else may have the turn."""
        held = self._held.get(activity_id)
        if held is not None and not more and held.giving is None:
            loop = asyncio.get_running_loop()
            held.giving = loop.call_later(OWN_SECONDS, self._give, activity_id)

    async def close(self) -> None:
        """Gives back what is held, and returns when nothing is under way."""
        for activity_id in list(self._held):
            self._give(activity_id)
        if self._giving:
            await asyncio.wait(self._giving)
        await self._calls.close()

    async def _is_ours(self, activity_id: str) -> bool:
        now = time.monotonic()
        held = self._held.get(activity_id)
        if held is not None:
            if held.giving is not None:
                held.giving.cancel()
                held.giving = None
            if now - held.asked < OWN_SECONDS:
                return True
        if now < self._away_until or not await self._run(activity_id, b"TAKE"):
            self._held.pop(activity_id, None)
            return False
        self._held[activity_id] = _Held(asked=now)
        return True

    def _give(self, activity_id: str) -> None:
        held = self._held.pop(activity_id, None)
        if held is not None and held.giving is not None:
            held.giving.cancel()
        task = asyncio.create_task(self._run(activity_id, b"GIVE"))
        self._giving.add(task)
        task.add_done_callback(self._giving.discard)

    async def _run(self, activity_id: str, verb: bytes) -> bool:
        """Whether it is our turn; not, if Redis does not answer."""
        arguments = [verb, self._me, b"%d" % TURN_MS]
        call: Coroutine[Any, Any, int] = TURN.run(self._client, [turn_key(activity_id)], arguments)
        try:
            return await self._calls.run(call, SLOW_SECONDS) == 1
        except TROUBLE:
            self._away_until = time.monotonic() + AWAY_SECONDS
            return False
