"""Honey: earning events, what rules gave for them, and what of each cap is used."""

from sqlalchemy import BigInteger, CheckConstraint, Column, PrimaryKeyConstraint, String

from servers.store.migrations.additive import BYTES, INSTANT, create_index, create_table

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    create_table(
        "honey_event",
        Column("programme_id", String(16), nullable=False),
        Column("event_id", String(64), nullable=False),
        Column("content", BYTES),
        Column("revision", BigInteger, nullable=False),
        Column("refunded", BYTES, nullable=False),
        Column("version", BigInteger, nullable=False),
        PrimaryKeyConstraint("programme_id", "event_id", name="pk_honey_event"),
    )
    create_table(
        "honey_rule_earning",
        Column("lot_id", String(64), nullable=False),
        Column("programme_id", String(16), nullable=False),
        Column("event_id", String(64), nullable=False),
        Column("wallet_id", String(64), nullable=False),
        Column("rule_id", String(36), nullable=False),
        Column("revision", BigInteger, nullable=False),
        Column("numerator", BigInteger, nullable=False),
        Column("denominator", BigInteger, nullable=False),
        Column("room", BigInteger),
        Column("takings", BYTES, nullable=False),
        Column("occurred_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("lot_id", name="pk_honey_rule_earning"),
    )
    create_index("honey_rule_earning", "programme_id", "event_id")
    create_index("honey_rule_earning", "wallet_id", "rule_id", "occurred_time")
    create_table(
        "honey_counter",
        Column("programme_id", String(16), nullable=False),
        Column("member_id", String(36), nullable=False),
        Column("rule_id", String(36), nullable=False),
        Column("scope", String(16), nullable=False),
        Column("window", String(16), nullable=False),
        Column("start_time", INSTANT, nullable=False, autoincrement=False),
        Column("used", BigInteger, nullable=False),
        PrimaryKeyConstraint(
            "programme_id", "member_id", "rule_id", "scope", "window", "start_time", name="pk_honey_counter"
        ),
        CheckConstraint("used >= 0", name="ck_honey_counter_used"),
    )
