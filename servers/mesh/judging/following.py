"""Keeps the copies of what is published at most a second behind it, for as long as Redis answers."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog

from servers.mesh.judging.published import HEAD
from servers.mesh.redis_clients import STORE_ERRORS, AnyRedis

LOOK_SECONDS = 0.4
"""Between two looks: what is published right after one is here with the next, and that may be slow."""

_log = structlog.get_logger("nectary.risk")


class Copy(Protocol):
    """What a process keeps of something that is published."""

    async def follow(self, client: AnyRedis, head: Mapping[bytes, bytes]) -> None:
        """Reads what changed, if anything did. Raises one of STORE_ERRORS; then it is as it was before."""
        ...


class Following:
    """Looks at the head, and lets each copy read what it lacks. `run` is a job of the process."""

    def __init__(self, client: AnyRedis, copies: Sequence[Copy]) -> None:
        self._client = client
        self._copies = copies
        self._looked_at: float | None = None
        self._is_lost = False

    @property
    def behind_seconds(self) -> float:
        """For how long the copies may have missed something; infinite before the first look."""
        return float("inf") if self._looked_at is None else time.monotonic() - self._looked_at

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> bool:
        """One look; False if Redis does not answer, and the copies stay as they are."""
        call: Any = self._client
        began = time.monotonic()
        try:
            head = await call.hgetall(HEAD)
            for copy in self._copies:
                await copy.follow(self._client, head)
        except STORE_ERRORS as error:
            if not self._is_lost:
                _log.warning("rules and list cannot be read, the last good ones stay", error=repr(error))
            self._is_lost = True
            return False
        if self._is_lost:
            _log.info("rules and list can be read again")
        self._is_lost, self._looked_at = False, began
        return True
