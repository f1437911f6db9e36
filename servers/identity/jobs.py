"""Identity's background jobs: announcing what falls due, and weighing card types."""

import asyncio

import structlog

from domain.identity.commands.change import AnnounceDue, announce
from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.identity.attention import weigh
from servers.identity.display import Display
from servers.identity.sql.lists import due_members
from servers.identity.sql.unit import Unit
from servers.mesh.clock import Clock
from servers.store.leases import Lease
from servers.store.store import Store
from servers.store.writes import Write, Writes

MAX_MEMBERS = 256
"""Members announced in one round."""

_log = structlog.get_logger("nectary.identity")


class Announcer:
    """Tells of starts and ends when they fall due, also when nothing is written then (ID-14)."""

    def __init__(self, store: Store, writes: Writes[Unit], clock: Clock) -> None:
        self._store = store
        self._writes = writes
        self._clock = clock

    async def run(self, _: Lease) -> None:
        """One pass over all that is due by now: a job for a lease."""
        await self.catch_up(self._clock.now())

    async def catch_up(self, now: Instant) -> None:
        """Announce until nothing is due by `now`; two at once do no harm."""
        while members := await self._store.read(due_members, now, MAX_MEMBERS):
            outcomes = await asyncio.gather(
                *(self._writes(_announcement(member_id)) for member_id in members), return_exceptions=True
            )
            for outcome in outcomes:
                if isinstance(outcome, BaseException) and not isinstance(outcome, Raced):
                    raise outcome


def _announcement(member_id: str) -> Write:
    return Write(
        use_case=announce,
        command=AnnounceDue(member_id),
        actor="job:announcements",
        method="announce",
        body_hash=b"",
        key=None,
        answer=lambda *_: b"",
    )


class Weigher:
    """Computes the display weights once a day."""

    def __init__(self, store: Store, display: Display, clock: Clock) -> None:
        self._store = store
        self._display = display
        self._clock = clock

    async def run(self, _: Lease) -> None:
        await self.catch_up(self._clock.now())

    async def catch_up(self, now: Instant) -> None:
        self._display.forget()
        if await weigh(self._store, self._display, now):
            _log.info("display_weights_moved")
