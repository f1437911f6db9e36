"""Reads of Honey: balances, lots, transactions, statements, and whether the past is as it was."""

from typing import Any

from sqlalchemy import Connection

from domain.honey.verifying import Verifier
from domain.honey.wallets import Standing
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import EARLIEST, Instant
from nectary.honey.v1 import wallet_service_pb2 as pb
from servers.honey import asking
from servers.honey.sql.lots import lots_of
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.statements import Movement, look, statement
from servers.honey.sql.transactions import transactions_behind
from servers.honey.sql.unit import Unit
from servers.honey.wire import wallets as wire
from servers.honey.wire.values import ACCOUNTS, KINDS, optional_instant
from servers.mesh.clock import Clock
from servers.mesh.pages import Query, position_of, size_of, token_of
from servers.store.store import Store

CHUNK = 500
"""Transactions that are verified between two looks at what else there is to do."""


class Reads:
    """Answers what writes nothing."""

    def __init__(self, store: Store, memory: RulesMemory, clock: Clock) -> None:
        self._store = store
        self._memory = memory
        self._clock = clock

    async def balance(self, request: pb.GetBalanceRequest) -> pb.GetBalanceResponse:
        wallet_id, now = asking.wallet_id(request), self._clock.now()
        at = past(request, "as_of", now) or now
        found = await self._store.read(look, self._memory, wallet_id, at)
        return pb.GetBalanceResponse(balance=wire.balance(found.standing, at))

    async def lots(self, request: pb.ListLotsRequest) -> pb.ListLotsResponse:
        wallet_id, size = asking.wallet_id(request), size_of(request.page_size)
        query: Query = ["lots", wallet_id, str(request.with_points)]
        after = position_of(query, request.page_token) or 0
        rows = await self._store.read(lots_of, wallet_id, after, size + 1, with_points=request.with_points)
        token = token_of(query, rows[size - 1].number) if len(rows) > size else ""
        return pb.ListLotsResponse(lots=[wire.lot(row) for row in rows[:size]], next_page_token=token)

    async def transactions(self, request: pb.ListTransactionsRequest) -> pb.ListTransactionsResponse:
        wallet_id, size = asking.wallet_id(request), size_of(request.page_size)
        query: Query = ["transactions", wallet_id]
        after = position_of(query, request.page_token) or 0
        rows = await self._store.read(transactions_behind, wallet_id, after, size + 1)
        token = token_of(query, rows[size - 1].seq) if len(rows) > size else ""
        return pb.ListTransactionsResponse(
            transactions=[wire.transaction(row) for row in rows[:size]], next_page_token=token
        )

    async def statement(self, request: pb.GetStatementRequest) -> pb.GetStatementResponse:
        wallet_id, now = asking.wallet_id(request), self._clock.now()
        # What happens now is in a statement until now.
        end = past(request, "end_time", now) or now + 1
        # A first instant of all has no instant before it.
        start = optional_instant(request, "start_time") or EARLIEST + 1
        if start >= end:
            raise Invalid([FieldViolation("start_time", "NOT_BEFORE", "before the end")])
        found = await self._store.read(statement, self._memory, wallet_id, start, end)
        return pb.GetStatementResponse(
            opening=wire.balance(found.opening, start),
            movements=[_movement(movement) for movement in found.movements],
            closing=wire.balance(found.closing, end),
        )

    async def verify(self, request: pb.VerifyStatementRequest) -> pb.VerifyStatementResponse:
        wallet_id = asking.wallet_id(request)
        standing = await self._store.read(self._standing, wallet_id)
        version = request.version or standing.version
        verifier, broken = Verifier(), None
        while broken is None and verifier.version < version:
            most = min(CHUNK, version - verifier.version)
            rows = await self._store.read(transactions_behind, wallet_id, verifier.version, most)
            # Fewer than the wallet says it had: the next one is missing.
            broken = verifier.take(rows) if rows else verifier.version + 1
        if broken is None and not _ends_as(verifier, standing, request):
            broken = version
        return pb.VerifyStatementResponse(
            intact=broken is None, version=verifier.version, broken_seq=broken or 0, link=verifier.link
        )

    def _standing(self, connection: Connection, wallet_id: str) -> Standing:
        return Unit(connection, self._memory).ports.wallets.get(wallet_id)


def past(request: Any, field: str, now: Instant) -> Instant | None:
    """A moment that is not to come. Raises Invalid."""
    at = optional_instant(request, field)
    if at is not None and at > now:
        raise Invalid([FieldViolation(field, "IN_FUTURE", "not later than now")])
    return at


def _ends_as(verifier: Verifier, standing: Standing, request: pb.VerifyStatementRequest) -> bool:
    """Whether it ends at what the caller knows, and, of the whole past, at what the wallet says."""
    if request.link and request.link != verifier.link:
        return False
    return verifier.version != standing.version or verifier.link == standing.link


def _movement(own: Movement) -> pb.Movement:
    return pb.Movement(
        kind=KINDS.wire(own.kind),
        account=ACCOUNTS.wire(own.account),
        points=own.points,
        transactions=own.transactions,
    )
