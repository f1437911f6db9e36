"""What the database says of one activity, read past the code under test, and what must be true of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from servers.seckill.sql.tables import activity, common, member, order, payment, tranche
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine

HOLDING = ("RESERVED", "PAID", "DELIVERED")


@dataclass(frozen=True)
class Books:
    """All rows of one activity."""

    activity: dict[str, Any]
    tranches: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    members: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    events: list[dict[str, Any]]
    """Of its orders."""
    stock_events: list[dict[str, Any]]
    """Of the activity itself, in their order."""

    @property
    def states(self) -> Counter[str]:
        return Counter(row["state"] for row in self.orders)

    @property
    def held(self) -> int:
        """Units of orders that hold theirs."""
        return sum(row["quantity"] for row in self.orders if row["state"] in HOLDING)

    def told(self, kind: str) -> int:
        """Events of a type."""
        return sum(row["type"] == kind for row in (*self.events, *self.stock_events))


def books_of(url: str, activity_id: str) -> Books:
    engine = blocking_engine(StoreConfig(url, pool_size=1))
    with engine.connect() as connection:
        read = read_books(connection, activity_id)
    engine.dispose()
    return read


def read_books(connection: Connection, activity_id: str) -> Books:
    orders = _rows(connection, order, activity_id)
    ids = {row["order_id"] for row in orders}
    told = [dict(row) for row in connection.execute(select(common.outbox)).mappings()]
    return Books(
        activity=_rows(connection, activity, activity_id)[0],
        tranches=_rows(connection, tranche, activity_id),
        orders=orders,
        members=_rows(connection, member, activity_id),
        payments=_rows(connection, payment, activity_id),
        events=[row for row in told if row["subject"] in ids],
        stock_events=[row for row in told if row["subject"] == activity_id],
    )


def violations(books: Books) -> Iterator[str]:
    """I1, I3, I8 and SK-4 of one activity, at any moment; nothing, if all is well."""
    if not books.held == books.activity["taken"] <= books.activity["stock"]:
        yield f"{books.held} units are held, {books.activity['taken']} of {books.activity['stock']} taken"
    by_tranche, by_member = Counter[int](), Counter[str]()
    for row in books.orders:
        if row["state"] in HOLDING:
            by_tranche[row["tranche"]] += row["quantity"]
            by_member[row["member_id"]] += row["quantity"]
    for row in books.tranches:
        if not by_tranche[row["number"]] == row["taken"] <= row["stock"]:
            yield f"tranche {row['number']}: {by_tranche[row['number']]} held, {row['taken']} taken"
    if {row["member_id"]: row["units"] for row in books.members} != dict(by_member):
        yield "members' units are not those of their orders"
    if any(row["units"] > row["member_limit"] for row in books.members):
        yield "a member has more than the limit"
    yield from _events_amiss(books)
    yield from _stock_events_amiss(books)
    yield from _payments_amiss(books)


def _events_amiss(books: Books) -> Iterator[str]:
    for row in books.orders:
        told = sorted(event["seq"] for event in books.events if event["subject"] == row["order_id"])
        if told != list(range(1, row["moves"] + 1)):
            yield f"order {row['order_id']} has {row['moves']} moves and tells {told}"


def _stock_events_amiss(books: Books) -> Iterator[str]:
    """They are numbered without a gap, and the last of them says whether anything is left."""
    told = [row["seq"] for row in books.stock_events]
    if told != list(range(1, books.activity["moves"] + 1)):
        yield f"the stock has {books.activity['moves']} moves and tells {told}"
    is_over = bool(told) and books.stock_events[-1]["type"] == "ActivitySoldOut"
    if is_over != (books.activity["taken"] == books.activity["stock"]):
        yield f"{books.activity['taken']} are taken, and the last word is {books.stock_events[-1:]}"


def _payments_amiss(books: Books) -> Iterator[str]:
    """SK-4: each pays one order that is paid, or goes back; no order is paid by two."""
    paying = Counter(row["order_id"] for row in books.payments if row["fate"] != "REFUNDED")
    for row in books.orders:
        if paying[row["order_id"]] != (row["state"] in ("PAID", "DELIVERED")):
            yield f"order {row['order_id']} is {row['state']}, paid by {paying[row['order_id']]}"
    refunds = sum(row["fate"] == "REFUNDED" for row in books.payments)
    if refunds != books.told("RefundDue"):
        yield f"{refunds} payments go back, and {books.told('RefundDue')} are told of"


def _rows(connection: Connection, table: Table, activity_id: str) -> list[dict[str, Any]]:
    query = select(table).where(table.c.activity_id == activity_id)
    return [dict(row) for row in connection.execute(query).mappings()]
