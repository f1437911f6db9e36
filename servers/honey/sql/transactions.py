"""Transactions with their entries: written with the events that tell of them, and read again."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import BindParameter, Connection, Row, bindparam, select

from domain.honey.accounts import Account
from domain.honey.transactions import ACTIVITIES, Entry, Kind, Transaction
from domain.shared.instants import Instant
from servers.honey.sql.documents import balances_document, balances_of
from servers.honey.sql.tables import common, entry, transaction
from servers.store.event import Event
from servers.store.outbox import Outbox
from servers.store.rows import insert_rows

EVENTS: Mapping[Kind, str] = {
    Kind.EARNED: "PointsEarned",
    Kind.ACTIVATED: "PointsActivated",
    Kind.HELD: "PointsHeld",
    Kind.RELEASED: "HoldReleased",
    Kind.TIMED_OUT: "HoldTimedOut",
    Kind.SPENT: "PointsSpent",
    Kind.RETURNED: "PointsReturned",
    Kind.REVERSED: "PointsReversed",
    Kind.EXPIRED: "PointsExpired",
    Kind.ADJUSTED: "PointsAdjusted",
    Kind.TRANSFERRED: "PointsTransferred",
    Kind.CREDITED: "MerchantCredited",
    Kind.GRANTED: "MerchantGranted",
    Kind.REDEEMED: "MerchantRedeemed",
    Kind.REINSTATED: "PointsReinstated",
}
"""What others hear of each kind. Names are part of the stored format."""

_OUTBOX = Outbox(common.outbox)
_first: BindParameter[int] = bindparam("first")
_last: BindParameter[int] = bindparam("last")
_ENTRIES = (
    select(entry.c.seq, entry.c.account, entry.c.points, entry.c.lot_id)
    .where(entry.c.wallet_id == bindparam("wallet_id"), entry.c.seq >= _first, entry.c.seq <= _last)
    .order_by(entry.c.seq, entry.c.place)
)
_OF_WALLET = select(transaction).where(transaction.c.wallet_id == bindparam("wallet_id"))
_BEHIND = (
    _OF_WALLET.where(transaction.c.seq > bindparam("after"))
    .order_by(transaction.c.seq)
    .limit(bindparam("most"))
)
_LAST_ACTIVE = (
    select(transaction.c.effective_time)
    .where(
        transaction.c.wallet_id == bindparam("wallet_id"),
        transaction.c.effective_time < bindparam("before"),
        transaction.c.kind.in_(sorted(ACTIVITIES)),
    )
    .order_by(transaction.c.effective_time.desc())
    .limit(1)
)
_LAST_BY = (
    _OF_WALLET.where(transaction.c.effective_time <= bindparam("at"))
    .order_by(transaction.c.effective_time.desc(), transaction.c.seq.desc())
    .limit(1)
)


def write_transactions(connection: Connection, transactions: Sequence[Transaction]) -> None:
    """Add them, with their entries, and tell of them."""
    insert_rows(connection, transaction, [_row(each) for each in transactions])
    insert_rows(connection, entry, [row for each in transactions for row in _entry_rows(each)])
    _OUTBOX.append(connection, [_event(each) for each in transactions])


def transactions_behind(connection: Connection, wallet_id: str, after: int, limit: int) -> list[Transaction]:
    """Those of a wallet behind a number, in order, at most so many."""
    rows = connection.execute(_BEHIND, {"wallet_id": wallet_id, "after": after, "most": limit}).all()
    return _whole(connection, wallet_id, rows)


def last_transaction_by(connection: Connection, wallet_id: str, at: Instant) -> Transaction | None:
    """The last of a wallet that is effective at an instant."""
    rows = connection.execute(_LAST_BY, {"wallet_id": wallet_id, "at": at}).all()
    return next(iter(_whole(connection, wallet_id, rows)), None)


def last_active(connection: Connection, wallet_id: str, before: Instant) -> Instant | None:
    """The last instant before another at which a transaction of a wallet shows that its member was active."""
    return connection.scalar(_LAST_ACTIVE, {"wallet_id": wallet_id, "before": before})


def _whole(connection: Connection, wallet_id: str, rows: Sequence[Row[Any]]) -> list[Transaction]:
    if not rows:
        return []
    among = {"wallet_id": wallet_id, "first": rows[0].seq, "last": rows[-1].seq}
    entries: dict[int, list[Entry]] = {}
    for seq, account, points, lot_id in connection.execute(_ENTRIES, among):
        entries.setdefault(seq, []).append(Entry(Account(account), points, lot_id))
    return [_transaction(row, tuple(entries[row.seq])) for row in rows]


def _transaction(row: Row[Any], entries: tuple[Entry, ...]) -> Transaction:
    return Transaction(
        wallet_id=row.wallet_id,
        seq=row.seq,
        kind=Kind(row.kind),
        entries=entries,
        effective=row.effective_time,
        recorded=row.recorded_time,
        transaction_id=row.transaction_id,
        actor=row.actor,
        cause=row.cause,
        reason=row.reason,
        balances=balances_of(row.balances),
        link=row.link,
    )


def _row(each: Transaction) -> dict[str, object]:
    return {
        "wallet_id": each.wallet_id,
        "seq": each.seq,
        "kind": each.kind.value,
        "effective_time": each.effective,
        "recorded_time": each.recorded,
        "transaction_id": each.transaction_id,
        "actor": each.actor,
        "cause": each.cause,
        "reason": each.reason,
        "balances": balances_document(each.balances),
        "link": each.link,
    }


def _entry_rows(each: Transaction) -> list[dict[str, object]]:
    return [
        {
            "wallet_id": each.wallet_id,
            "seq": each.seq,
            "place": place,
            "account": moved.account.value,
            "points": moved.points,
            "lot_id": moved.lot_id,
        }
        for place, moved in enumerate(each.entries)
    ]


def _event(each: Transaction) -> Event:
    payload = {
        "wallet_id": each.wallet_id,
        "kind": each.kind.value,
        "transaction_id": each.transaction_id,
        "cause": each.cause,
        "entries": [[moved.account.value, moved.points, moved.lot_id] for moved in each.entries],
        "balances": {account.value: points for account, points in each.balances.items()},
        # Whoever keeps it can tell later whether the wallet's past was changed.
        "link": each.link.hex(),
    }
    return Event(
        event_id=each.link.hex()[:32],
        type=EVENTS[each.kind],
        version=1,
        subject=each.wallet_id,
        seq=each.seq,
        effective_time=each.effective,
        recorded_time=each.recorded,
        causation_id=each.transaction_id,
        correlation_id=each.cause or each.transaction_id,
        actor=each.actor,
        payload=orjson.dumps(payload, option=orjson.OPT_SORT_KEYS),
    )
