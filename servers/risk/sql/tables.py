"""Risk's tables. Rule sets and transitions are append-only; decisions go when their time is over."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, UniqueConstraint

from servers.store.columns import BYTES, INSTANT, SERIAL, TABLE, identifier, new_metadata
from servers.store.tables import service_tables

VALUE_LENGTH = 128
"""Of what names a subject."""

metadata = new_metadata()
common = service_tables("risk", metadata)

rule_set = Table(
    "risk_rule_set",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("effective_time", INSTANT, nullable=False),
    Column("actor", identifier(128), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("content", BYTES, nullable=False),
    Index(None, "effective_time"),
    **TABLE,
)

rule_version = Table(
    "risk_rule_version",
    metadata,
    Column("rule_id", identifier(), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    # The first rule set that has it.
    Column("revision", BigInteger, nullable=False),
    Column("content", BYTES, nullable=False),
    **TABLE,
)

suspect = Table(
    "risk_suspect",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("kind", identifier(16), nullable=False),
    Column("value", identifier(VALUE_LENGTH), nullable=False),
    # Of the last transition: the optimistic lock of all writes of one subject.
    Column("version", BigInteger, nullable=False),
    Column("state", identifier(16), nullable=False),
    Column("scene", identifier(64), nullable=False),
    Column("expires_time", INSTANT, nullable=False),
    # 1 until Redis has this version: so the publisher finds what it has to tell.
    Column("is_behind", Integer, nullable=False),
    Column("content", BYTES, nullable=False),
    UniqueConstraint("kind", "value"),
    Index(None, "state", "id"),
    Index(None, "is_behind"),
    Index(None, "expires_time"),
    **TABLE,
)

transition = Table(
    "risk_transition",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("kind", identifier(16), nullable=False),
    Column("value", identifier(VALUE_LENGTH), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("event_id", identifier(64), nullable=False),
    Column("from_state", identifier(16), nullable=False),
    Column("to_state", identifier(16), nullable=False),
    Column("rule_id", identifier(), nullable=False),
    Column("scene", identifier(64), nullable=False),
    Column("recorded_time", INSTANT, nullable=False),
    Column("content", BYTES, nullable=False),
    UniqueConstraint("kind", "value", "version"),
    # The same event changes a subject once.
    UniqueConstraint("kind", "value", "event_id"),
    Index(None, "recorded_time"),
    **TABLE,
)

appeal = Table(
    "risk_appeal",
    metadata,
    Column("appeal_id", identifier(), primary_key=True),
    Column("kind", identifier(16), nullable=False),
    Column("value", identifier(VALUE_LENGTH), nullable=False),
    # When the listing that it is about began: each is appealed once.
    Column("listed_time", INSTANT, nullable=False),
    Column("state", identifier(16), nullable=False),
    Column("text", String(1000), nullable=False),
    Column("created_time", INSTANT, nullable=False),
    Column("answer_by_time", INSTANT, nullable=False),
    Column("answered_time", INSTANT),
    UniqueConstraint("kind", "value", "listed_time"),
    Index(None, "state", "answer_by_time"),
    **TABLE,
)

decision = Table(
    "risk_decision",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("decision_id", identifier(), nullable=False),
    Column("decided_time", INSTANT, nullable=False),
    Column("scene", identifier(64), nullable=False),
    Column("method", identifier(128), nullable=False),
    Column("caller", identifier(128), nullable=False),
    Column("role", identifier(16), nullable=False),
    Column("outcome", identifier(16), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("rule_id", identifier(), nullable=False),
    Column("rule_version", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    # The first subject of each kind, empty if there is none: what people look for.
    Column("member", identifier(VALUE_LENGTH), nullable=False),
    Column("device", identifier(VALUE_LENGTH), nullable=False),
    Column("address", identifier(VALUE_LENGTH), nullable=False),
    Column("payment", identifier(VALUE_LENGTH), nullable=False),
    Column("latency_us", BigInteger, nullable=False),
    Column("sampled", Integer, nullable=False),
    # The whole record as a line of JSON (`servers.mesh.judging.record`): enough to decide again.
    Column("content", BYTES, nullable=False),
    UniqueConstraint("decision_id"),
    Index(None, "decided_time"),
    Index(None, "rule_id", "decided_time"),
    Index(None, "member", "decided_time"),
    Index(None, "device", "decided_time"),
    Index(None, "address", "decided_time"),
    **TABLE,
)

cursor = Table(
    "risk_cursor",
    metadata,
    # A job that follows the decisions by their number.
    Column("name", identifier(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    **TABLE,
)

alert_group = Table(
    "risk_alert_group",
    metadata,
    Column("scene", identifier(64), primary_key=True),
    Column("rule_id", identifier(), primary_key=True),
    Column("owner", identifier(80), primary_key=True),
    # The optimistic lock.
    Column("version", BigInteger, nullable=False),
    # When it has something to say next; none while it is quiet.
    Column("due_time", INSTANT),
    Column("content", BYTES, nullable=False),
    Index(None, "due_time"),
    **TABLE,
)

alert = Table(
    "risk_alert",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("alert_id", identifier(64), nullable=False),
    # Digest of the group: its newest message takes the place of one that could not be sent yet.
    Column("group_id", identifier(64), nullable=False),
    Column("channel", identifier(16), nullable=False),
    Column("recipient", identifier(VALUE_LENGTH), nullable=False),
    Column("created_time", INSTANT, nullable=False),
    # When to try next; none once it was sent or given up.
    Column("next_attempt_time", INSTANT),
    Column("attempts", Integer, nullable=False),
    Column("sent_time", INSTANT),
    Column("error", String(1000), nullable=False),
    Column("content", BYTES, nullable=False),
    # One message of an alert goes to one recipient once on each channel.
    UniqueConstraint("alert_id", "channel", "recipient"),
    Index(None, "next_attempt_time"),
    Index(None, "group_id", "next_attempt_time"),
    Index(None, "created_time"),
    **TABLE,
)
