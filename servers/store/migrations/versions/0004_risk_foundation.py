"""What Risk needs before it has a table of its own: outbox, inbox, answers, dead letters and leases."""

from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, String, UniqueConstraint

from servers.store.migrations.additive import BYTES, INSTANT, SERIAL, SHA256, create_index, create_table

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    create_table(
        "risk_outbox",
        Column("id", SERIAL, nullable=False, autoincrement=True),
        *_event(),
        Column("published_time", INSTANT),
        Column("attempts", Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_risk_outbox"),
        UniqueConstraint("event_id", name="uq_risk_outbox_event_id"),
    )
    create_index("risk_outbox", "published_time", "id")
    create_table(
        "risk_inbox",
        Column("consumer_group", String(64), nullable=False),
        Column("event_id", String(36), nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("consumer_group", "event_id", name="pk_risk_inbox"),
    )
    create_index("risk_inbox", "recorded_time")
    create_table(
        "risk_idempotency",
        Column("caller", String(128), nullable=False),
        Column("request_id", String(64), nullable=False),
        Column("method", String(128), nullable=False),
        Column("body_hash", SHA256, nullable=False),
        Column("response", BYTES, nullable=False),
        Column("refusal", BYTES),
        Column("recorded_time", INSTANT, nullable=False),
        Column("expires_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("caller", "request_id", name="pk_risk_idempotency"),
    )
    create_index("risk_idempotency", "expires_time")
    create_table(
        "risk_dead_letter",
        Column("id", SERIAL, nullable=False, autoincrement=True),
        Column("consumer_group", String(64), nullable=False),
        *_event(),
        Column("error", String(1000), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("dead_time", INSTANT, nullable=False),
        Column("redriven_time", INSTANT),
        PrimaryKeyConstraint("id", name="pk_risk_dead_letter"),
        UniqueConstraint("consumer_group", "event_id", name="uq_risk_dead_letter_consumer_group_event_id"),
    )
    create_table(
        "risk_lease",
        Column("name", String(64), nullable=False),
        Column("holder", String(128), nullable=False),
        Column("fence", BigInteger, nullable=False),
        Column("expires_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("name", name="pk_risk_lease"),
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
