"""Honey's background job: what falls due is written, and members are told, though nobody asks."""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from domain.honey.commands.operate import CatchUp, catch_up
from domain.honey.commands.watch import Watched, tell_expiry, tell_tier
from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.honey.sql.tables import wallet
from servers.honey.sql.unit import Unit
from servers.mesh.clock import Clock
from servers.store.leases import Lease
from servers.store.store import Store
from servers.store.writes import Write, Writes

MAX_WALLETS = 1_024
"""Wallets that are brought up to date in one round."""
SIDE_BY_SIDE = 4
"""Groups of wallets that are written at once: one is reckoned while the database writes the others."""

Round = tuple["Select[tuple[str]]", Callable[[str], Write]]
"""Which wallets have something to do, and the write that does it."""


def _round(name: str, use_case: Callable[..., Any], command: Callable[[str], Any], turn: Any) -> Round:
    """Of the wallets whose turn has come."""
    query = select(wallet.c.wallet_id).where(turn <= bindparam("now")).order_by(turn).limit(bindparam("most"))

    def write(wallet_id: str) -> Write:
        return Write(
            use_case=use_case,
            command=command(wallet_id),
            actor=f"job:{name}",
            method=name,
            body_hash=b"",
            key=None,
            answer=lambda *_: b"",
        )

    return query, write


ROUNDS = (
    _round("due", catch_up, CatchUp, wallet.c.next_due_time),
    _round("tiers", tell_tier, Watched, wallet.c.tier_turn_time),
    _round("notices", tell_expiry, Watched, wallet.c.notice_turn_time),
)
"""In their order: points become active, holds time out, points expire; then members are told of what is."""


class DueJob:
    """Writes what falls due, and tells members of it.

    Every command does the first of it for the wallet that it is about, so that this may run late, twice, or
    stop in the middle (HO-11): it is there for the events, and so that little is left to do.
    """

    def __init__(self, store: Store, writes: Writes[Unit], clock: Clock) -> None:
        self._store = store
        self._writes = writes
        self._clock = clock

    async def run(self, _: Lease) -> None:
        """One pass over all that is due by now: a job for a lease."""
        await self.catch_up(self._clock.now())

    async def catch_up(self, now: Instant) -> None:
        """Until nothing is due by `now`; two at once do no harm."""
        for query, write in ROUNDS:
            while wallet_ids := await self._store.read(_wallets, query, now):
                outcomes = await asyncio.gather(
                    *(self._writes(write(wallet_id)) for wallet_id in wallet_ids), return_exceptions=True
                )
                for outcome in outcomes:
                    if isinstance(outcome, BaseException) and not isinstance(outcome, Raced):
                        raise outcome
                if all(isinstance(outcome, Raced) for outcome in outcomes):
                    break  # Others are at them; what is left is due at the next pass, too.


def _wallets(connection: Connection, query: "Select[tuple[str]]", now: Instant) -> list[str]:
    return list(connection.scalars(query, {"now": now, "most": MAX_WALLETS}))
