"""Honey's background job: what falls due is written, though nobody asks."""

import asyncio

from sqlalchemy import Connection, bindparam, select

from domain.honey.commands.operate import CatchUp, catch_up
from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.honey.sql.tables import wallet
from servers.honey.sql.unit import Unit
from servers.mesh.clock import Clock
from servers.store.leases import Lease
from servers.store.store import Store
from servers.store.writes import Write, Writes

MAX_WALLETS = 256
"""Wallets that are brought up to date in one round."""

_DUE = (
    select(wallet.c.wallet_id)
    .where(wallet.c.next_due_time <= bindparam("now"))
    .order_by(wallet.c.next_due_time)
    .limit(bindparam("most"))
)


class DueJob:
    """Points become active, holds time out, points expire.

    Every command does the same first for the wallet that it is about, so that this may run late, twice, or
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
        while wallet_ids := await self._store.read(_due_wallets, now):
            outcomes = await asyncio.gather(
                *(self._writes(_catching_up(wallet_id)) for wallet_id in wallet_ids), return_exceptions=True
            )
            for outcome in outcomes:
                if isinstance(outcome, BaseException) and not isinstance(outcome, Raced):
                    raise outcome


def _due_wallets(connection: Connection, now: Instant) -> list[str]:
    return list(connection.scalars(_DUE, {"now": now, "most": MAX_WALLETS}))


def _catching_up(wallet_id: str) -> Write:
    return Write(
        use_case=catch_up,
        command=CatchUp(wallet_id),
        actor="job:due",
        method="catch up",
        body_hash=b"",
        key=None,
        answer=lambda *_: b"",
    )
