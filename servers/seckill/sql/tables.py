"""Seckill's tables. Their checks and unique keys hold the promises even against a bug above them.

Whoever changes anything of an activity, its orders included, moves the activity's `version` on first: that
one row is the optimistic lock of all of them.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table, UniqueConstraint

from servers.store.columns import BYTES, INSTANT, TABLE, identifier, new_metadata
from servers.store.tables import REQUEST_ID_LENGTH, service_tables

metadata = new_metadata()
common = service_tables("seckill", metadata)

REASON = String(200)
"""Why, in the words of whoever asked: the bound of the contract."""

activity = Table(
    "seckill_activity",
    metadata,
    Column("activity_id", identifier(), primary_key=True),
    # Grows with every group of commands and with every change by an operator.
    Column("version", BigInteger, nullable=False),
    Column("state", identifier(16), nullable=False),
    Column("opens_time", INSTANT, nullable=False),
    Column("closes_time", INSTANT, nullable=False),
    Column("stock", BigInteger, nullable=False),
    # Units of orders that hold theirs: reserved, paid or delivered.
    Column("taken", BigInteger, nullable=False),
    Column("content", BYTES, nullable=False),
    # What was told of its stock, which numbers that in the outbox.
    Column("moves", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("taken >= 0 AND taken <= stock", name="taken"),
    Index(None, "state", "closes_time"),
    **TABLE,
)

tranche = Table(
    "seckill_tranche",
    metadata,
    Column("activity_id", identifier(), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("stock", BigInteger, nullable=False),
    Column("taken", BigInteger, nullable=False),
    CheckConstraint("taken >= 0 AND taken <= stock", name="taken"),
    **TABLE,
)

order = Table(
    "seckill_order",
    metadata,
    Column("order_id", identifier(), primary_key=True),
    Column("activity_id", identifier(), nullable=False),
    Column("member_id", identifier(), nullable=False),
    Column("request_id", identifier(REQUEST_ID_LENGTH), nullable=False),
    Column("tranche", Integer, nullable=False),
    Column("quantity", Integer, nullable=False),
    # The price of one unit.
    Column("amount", BigInteger, nullable=False),
    Column("currency", identifier(3), nullable=False),
    Column("scene", identifier(64), nullable=False),
    Column("state", identifier(16), nullable=False),
    # The events it has had, which numbers them in the outbox.
    Column("moves", BigInteger, nullable=False),
    Column("reserved_time", INSTANT, nullable=False),
    Column("expires_time", INSTANT, nullable=False),
    Column("paid_time", INSTANT),
    Column("payment_id", identifier(64), nullable=False),
    Column("ended_time", INSTANT),
    Column("reason", REASON, nullable=False),
    # One request is one order, whatever goes wrong above.
    UniqueConstraint("activity_id", "member_id", "request_id"),
    # What expires next, and what waits in one state.
    Index(None, "state", "expires_time"),
    Index(None, "activity_id", "reserved_time"),
    Index(None, "member_id", "reserved_time"),
    **TABLE,
)

member = Table(
    "seckill_member",
    metadata,
    Column("activity_id", identifier(), primary_key=True),
    Column("member_id", identifier(), primary_key=True),
    Column("units", Integer, nullable=False),
    Column("member_limit", Integer, nullable=False),
    CheckConstraint("units >= 0 AND units <= member_limit", name="units"),
    **TABLE,
)

payment = Table(
    "seckill_payment",
    metadata,
    # One payment has one fate.
    Column("payment_id", identifier(64), primary_key=True),
    Column("activity_id", identifier(), nullable=False),
    Column("order_id", identifier(), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", identifier(3), nullable=False),
    Column("paid_time", INSTANT, nullable=False),
    Column("fate", identifier(16), nullable=False),
    # Why it goes back; empty if it does not.
    Column("cause", identifier(32), nullable=False),
    Index(None, "order_id"),
    **TABLE,
)
