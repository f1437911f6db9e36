"""Who need not be asked after: a copy, in this process, of a gate that has nothing left.

What a copy says is left can only be too much until units come back, which changes the gate's generation:
a heart-beat looks at it ten times a second. With the copy comes the filter of those who may have bought, for
they must hear so again and not that all is gone. A copy nobody renews is forgotten within a second.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from domain.seckill.gate import Claim
from servers.mesh.redis_clients import STORE_ERRORS
from servers.seckill.gate.known_requests import may_know
from servers.seckill.gate.looking import NEVER, Look, look_of
from servers.seckill.gate.store import PATIENT_SECONDS, Away, Call, GateStore
from servers.seckill.gate.things import PEEK, name_of

KEPT_SECONDS = 1.0
"""Unless it is renewed."""
BEAT_SECONDS = 0.1
PAUSE_SECONDS = 0.02
"""Between two copies of one gate,"""
PAUSE_FACTOR = 20
"""or so many times as long as the last one took: a large filter is not copied all the time."""
MOST_COPIES = 256


@dataclass(slots=True)
class _Copy:
    look: Look
    known: bytes
    until: float

    def renew(self, found: Look) -> None:
        self.look = found
        seconds = KEPT_SECONDS if found.changes_in == NEVER else min(KEPT_SECONDS, found.changes_in / 1e6)
        self.until = time.monotonic() + seconds

    def refuses(self, claim: Claim) -> bool:
        mask = claim.mask | self.look.released
        open_to_him = [
            left for bit, left in enumerate(self.look.left) if mask >> bit & 1 and self.look.stock[bit]
        ]
        if not open_to_him or max(open_to_him) >= claim.units:
            return False
        return not may_know(self.known, name_of(claim.member_id, claim.request_id))


class SoldOut:
    """The copies of one process."""

    def __init__(self, store: GateStore, spawn: Callable[..., object]) -> None:
        """`spawn` starts a task and keeps it."""
        self._store = store
        self._spawn = spawn
        self._copies: dict[str, _Copy] = {}
        self._not_before: dict[str, float] = {}

    def refuses(self, activity_id: str, claim: Claim) -> bool:
        """Whether there is nothing left for it, for sure."""
        copy = self._copies.get(activity_id)
        if copy is None:
            return False
        if time.monotonic() >= copy.until:
            self.forget(activity_id)
            return False
        return copy.refuses(claim)

    def suspect(self, activity_id: str) -> None:
        """The gate has just refused somebody for want of units: it is worth a copy."""
        now = time.monotonic()
        if now < self._not_before.get(activity_id, 0.0):
            return
        self._not_before[activity_id] = now + KEPT_SECONDS
        self._spawn(self._copy(activity_id))

    def forget(self, activity_id: str) -> None:
        """Units came back, as this process knows."""
        self._copies.pop(activity_id, None)

    async def beat(self) -> None:
        """Renews the copies that still hold true, and forgets the others."""
        copied = list(self._copies.items())
        if not copied:
            return
        replies = await self._store.run([Call(activity_id, PEEK, [b"0"]) for activity_id, _ in copied])
        for (activity_id, copy), reply in zip(copied, replies, strict=True):
            if isinstance(reply, Exception) or self._copies.get(activity_id) is not copy:
                continue
            found, _ = look_of(reply)
            if _is_as_before(copy.look, found):
                copy.renew(found)
            else:
                self.forget(activity_id)

    async def _copy(self, activity_id: str) -> None:
        began = time.monotonic()
        with suppress(*STORE_ERRORS, Away):
            reply = await self._store.run_one(Call(activity_id, PEEK, [b"1"]), PATIENT_SECONDS)
            found, known = look_of(reply)
            if found.is_open:
                self._keep(activity_id, found, known)
        took = time.monotonic() - began
        self._not_before[activity_id] = time.monotonic() + max(PAUSE_SECONDS, PAUSE_FACTOR * took)

    def _keep(self, activity_id: str, found: Look, known: bytes) -> None:
        copy = self._copies[activity_id] = _Copy(found, known, 0.0)
        copy.renew(found)
        for kept in (self._copies, self._not_before):
            while len(kept) > MOST_COPIES:
                kept.pop(next(iter(kept)))

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.beat()
            await asyncio.sleep(BEAT_SECONDS)


def _is_as_before(then: Look, now: Look) -> bool:
    """Whether nothing came back, nobody new was noted, and the same tranches are open to all."""
    return (then.state, then.generation, then.adds, then.released) == (
        now.state, now.generation, now.adds, now.released,
    )  # fmt: skip
