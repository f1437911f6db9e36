"""What the database holds of sales, read in one snapshot by a plain driver."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pymysql

HOLDING = frozenset({"RESERVED", "PAID", "DELIVERED"})
"""States of an order whose units are taken."""


class Activity(NamedTuple):
    """A row of seckill_activity."""

    activity: str
    stock: int
    taken: int


class Tranche(NamedTuple):
    """A row of seckill_tranche."""

    activity: str
    number: int
    stock: int
    taken: int


class Order(NamedTuple):
    """A row of seckill_order. Instants are microseconds since the epoch."""

    order: str
    activity: str
    member: str
    request: str
    tranche: int
    quantity: int
    state: str
    payment: str
    ended: int | None

    @property
    def holds(self) -> bool:
        return self.state in HOLDING

    @property
    def key(self) -> tuple[str, str, str]:
        return self.activity, self.member, self.request


class Member(NamedTuple):
    """A row of seckill_member."""

    activity: str
    member: str
    units: int
    limit: int


class Payment(NamedTuple):
    """A row of seckill_payment."""

    payment: str
    order: str
    fate: str


class Event(NamedTuple):
    """How many events of a type the outbox has about an order."""

    subject: str
    type: str
    times: int


@dataclass(frozen=True)
class Rows:
    """Everything, as of one moment."""

    activities: Sequence[Activity]
    tranches: Sequence[Tranche]
    orders: Sequence[Order]
    members: Sequence[Member]
    payments: Sequence[Payment]
    events: Sequence[Event]


_QUERIES: Sequence[tuple[type[Any], str]] = (
    (Activity, "SELECT activity_id, stock, taken FROM seckill_activity WHERE state <> 'DRAFT'"),
    (Tranche, "SELECT activity_id, number, stock, taken FROM seckill_tranche"),
    (
        Order,
        "SELECT order_id, activity_id, member_id, request_id, tranche, quantity, state, payment_id,"
        " ended_time FROM seckill_order",
    ),
    (Member, "SELECT activity_id, member_id, units, member_limit FROM seckill_member"),
    (Payment, "SELECT payment_id, order_id, fate FROM seckill_payment"),
    (Event, "SELECT subject, type, COUNT(*) FROM seckill_outbox GROUP BY subject, type"),
)


def read_rows(store_url: str) -> Rows:
    """`mysql://user:password@host:port/database` or `sqlite:///path`."""
    with closing(_connect(store_url)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "BEGIN" if store_url.startswith("sqlite") else "START TRANSACTION WITH CONSISTENT SNAPSHOT"
        )
        tables = []
        for kind, query in _QUERIES:
            cursor.execute(query)
            tables.append([kind(*row) for row in cursor.fetchall()])
        return Rows(*tables)


def _connect(store_url: str) -> Any:
    parts = urlsplit(store_url)
    if parts.scheme == "sqlite":
        return sqlite3.connect(parts.path.removeprefix("/") if parts.path.startswith("//") else parts.path)
    return pymysql.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        database=parts.path.strip("/"),
    )
