"""Seckill: activities with their tranches, orders, what each member took, payments, and the common tables.

The checks hold the promises of a sale by themselves: no more is taken than is there, in total, in each
tranche and by each member. One request is one order, and one payment has one fate, by unique keys.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Integer,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
)

from servers.store.migrations.additive import BYTES, INSTANT, SERIAL, SHA256, create_index, create_table

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _own()
    _common()


def _own() -> None:
    create_table(
        "seckill_activity",
        Column("activity_id", String(36), nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("state", String(16), nullable=False),
        Column("opens_time", INSTANT, nullable=False),
        Column("closes_time", INSTANT, nullable=False),
        Column("stock", BigInteger, nullable=False),
        Column("taken", BigInteger, nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("activity_id", name="pk_seckill_activity"),
        CheckConstraint("taken >= 0 AND taken <= stock", name="ck_seckill_activity_taken"),
    )
    create_index("seckill_activity", "state", "closes_time")
    create_table(
        "seckill_tranche",
        Column("activity_id", String(36), nullable=False),
        Column("number", Integer, nullable=False, autoincrement=False),
        Column("stock", BigInteger, nullable=False),
        Column("taken", BigInteger, nullable=False),
        PrimaryKeyConstraint("activity_id", "number", name="pk_seckill_tranche"),
        CheckConstraint("taken >= 0 AND taken <= stock", name="ck_seckill_tranche_taken"),
    )
    create_table(
        "seckill_order",
        Column("order_id", String(36), nullable=False),
        Column("activity_id", String(36), nullable=False),
        Column("member_id", String(36), nullable=False),
        Column("request_id", String(64), nullable=False),
        Column("tranche", Integer, nullable=False),
        Column("quantity", Integer, nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("currency", String(3), nullable=False),
        Column("scene", String(64), nullable=False),
        Column("state", String(16), nullable=False),
        Column("moves", BigInteger, nullable=False),
        Column("reserved_time", INSTANT, nullable=False),
        Column("expires_time", INSTANT, nullable=False),
        Column("paid_time", INSTANT),
        Column("payment_id", String(64), nullable=False),
        Column("ended_time", INSTANT),
        Column("reason", String(200), nullable=False),
        PrimaryKeyConstraint("order_id", name="pk_seckill_order"),
        UniqueConstraint(
            "activity_id", "member_id", "request_id", name="uq_seckill_order_activity_id_member_id_request_id"
        ),
    )
    create_index("seckill_order", "state", "expires_time")
    create_index("seckill_order", "activity_id", "reserved_time")
    create_index("seckill_order", "member_id", "reserved_time")
    create_table(
        "seckill_member",
        Column("activity_id", String(36), nullable=False),
        Column("member_id", String(36), nullable=False),
        Column("units", Integer, nullable=False),
        Column("member_limit", Integer, nullable=False),
        PrimaryKeyConstraint("activity_id", "member_id", name="pk_seckill_member"),
        CheckConstraint("units >= 0 AND units <= member_limit", name="ck_seckill_member_units"),
    )
    create_table(
        "seckill_payment",
        Column("payment_id", String(64), nullable=False),
        Column("activity_id", String(36), nullable=False),
        Column("order_id", String(36), nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("currency", String(3), nullable=False),
        Column("paid_time", INSTANT, nullable=False),
        Column("fate", String(16), nullable=False),
        Column("cause", String(32), nullable=False),
        PrimaryKeyConstraint("payment_id", name="pk_seckill_payment"),
    )
    create_index("seckill_payment", "order_id")


def _common() -> None:
    create_table(
        "seckill_outbox",
        Column("id", SERIAL, nullable=False, autoincrement=True),
        *_event(),
        Column("published_time", INSTANT),
        Column("attempts", Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_seckill_outbox"),
        UniqueConstraint("event_id", name="uq_seckill_outbox_event_id"),
    )
    create_index("seckill_outbox", "published_time", "id")
    create_table(
        "seckill_inbox",
        Column("consumer_group", String(64), nullable=False),
        Column("event_id", String(36), nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("consumer_group", "event_id", name="pk_seckill_inbox"),
    )
    create_index("seckill_inbox", "recorded_time")
    create_table(
        "seckill_idempotency",
        Column("caller", String(128), nullable=False),
        Column("request_id", String(64), nullable=False),
        Column("method", String(128), nullable=False),
        Column("body_hash", SHA256, nullable=False),
        Column("response", BYTES, nullable=False),
        Column("refusal", BYTES),
        Column("recorded_time", INSTANT, nullable=False),
        Column("expires_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("caller", "request_id", name="pk_seckill_idempotency"),
    )
    create_index("seckill_idempotency", "expires_time")
    create_table(
        "seckill_dead_letter",
        Column("id", SERIAL, nullable=False, autoincrement=True),
        Column("consumer_group", String(64), nullable=False),
        *_event(),
        Column("error", String(1000), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("dead_time", INSTANT, nullable=False),
        Column("redriven_time", INSTANT),
        PrimaryKeyConstraint("id", name="pk_seckill_dead_letter"),
        UniqueConstraint("consumer_group", "event_id", name="uq_seckill_dead_letter_consumer_group_event_id"),
    )
    create_table(
        "seckill_lease",
        Column("name", String(64), nullable=False),
        Column("holder", String(128), nullable=False),
        Column("fence", BigInteger, nullable=False),
        Column("expires_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("name", name="pk_seckill_lease"),
    )


def _event() -> "list[Column[object]]":
    return [
        Column("event_id", String(36), nullable=False),
        Column("type", String(64), nullable=False),
        Column("version", Integer, nullable=False),
        Column("subject", String(64), nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("effective_time", INSTANT, nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        Column("causation_id", String(64), nullable=False),
        Column("correlation_id", String(64), nullable=False),
        Column("actor", String(128), nullable=False),
        Column("payload", BYTES, nullable=False),
    ]
