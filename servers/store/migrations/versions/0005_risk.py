"""Risk's own tables: rule sets, suspects with their transitions and appeals, decisions, alerts.

Transitions are the truth of the list: `risk_suspect` is what follows from the last one of each subject.
What is read whole and never searched (a rule set, an entry, evidence) is kept as one document.
"""

from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, String, UniqueConstraint

from servers.store.migrations.additive import BYTES, INSTANT, SERIAL, create_index, create_table

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    create_table(
        "risk_rule_set",
        Column("revision", BigInteger, nullable=False, autoincrement=False),
        Column("effective_time", INSTANT, nullable=False),
        Column("actor", String(128), nullable=False),
        Column("reason", String(200), nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("revision", name="pk_risk_rule_set"),
    )
    create_index("risk_rule_set", "effective_time")
    create_table(
        "risk_rule_version",
        Column("rule_id", String(36), nullable=False),
        Column("version", BigInteger, nullable=False, autoincrement=False),
        Column("revision", BigInteger, nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("rule_id", "version", name="pk_risk_rule_version"),
    )
    create_table(
        "risk_suspect",
        Column("id", SERIAL, nullable=False, autoincrement=True),
        Column("kind", String(16), nullable=False),
        Column("value", String(128), nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("state", String(16), nullable=False),
        Column("scene", String(64), nullable=False),
        Column("expires_time", INSTANT, nullable=False),
        Column("is_behind", Integer, nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("id", name="pk_risk_suspect"),
        UniqueConstraint("kind", "value", name="uq_risk_suspect_kind_value"),
    )
    create_index("risk_suspect", "expires_time")
    create_index("risk_suspect", "is_behind")
    create_index("risk_suspect", "state", "id")
    create_table(
        "risk_transition",
        Column("id", SERIAL, nullable=False, autoincrement=True),
        Column("kind", String(16), nullable=False),
        Column("value", String(128), nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("event_id", String(64), nullable=False),
        Column("from_state", String(16), nullable=False),
        Column("to_state", String(16), nullable=False),
        Column("rule_id", String(36), nullable=False),
        Column("scene", String(64), nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("id", name="pk_risk_transition"),
        UniqueConstraint("kind", "value", "event_id", name="uq_risk_transition_kind_value_event_id"),
        UniqueConstraint("kind", "value", "version", name="uq_risk_transition_kind_value_version"),
    )
    create_index("risk_transition", "recorded_time")
    create_table(
        "risk_appeal",
        Column("appeal_id", String(36), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("value", String(128), nullable=False),
        Column("listed_time", INSTANT, nullable=False),
        Column("state", String(16), nullable=False),
        Column("text", String(1000), nullable=False),
        Column("created_time", INSTANT, nullable=False),
        Column("answer_by_time", INSTANT, nullable=False),
        Column("answered_time", INSTANT),
        PrimaryKeyConstraint("appeal_id", name="pk_risk_appeal"),
        UniqueConstraint("kind", "value", "listed_time", name="uq_risk_appeal_kind_value_listed_time"),
    )
    create_index("risk_appeal", "state", "answer_by_time")
    create_table(
        "risk_decision",
        Column("id", SERIAL, nullable=False, autoincrement=True),
        Column("decision_id", String(36), nullable=False),
        Column("decided_time", INSTANT, nullable=False),
        Column("scene", String(64), nullable=False),
        Column("method", String(128), nullable=False),
        Column("caller", String(128), nullable=False),
        Column("role", String(16), nullable=False),
        Column("outcome", String(16), nullable=False),
        Column("reason", String(200), nullable=False),
        Column("rule_id", String(36), nullable=False),
        Column("rule_version", BigInteger, nullable=False),
        Column("revision", BigInteger, nullable=False),
        Column("member", String(128), nullable=False),
        Column("device", String(128), nullable=False),
        Column("address", String(128), nullable=False),
        Column("payment", String(128), nullable=False),
        Column("latency_us", BigInteger, nullable=False),
        Column("sampled", Integer, nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("id", name="pk_risk_decision"),
        UniqueConstraint("decision_id", name="uq_risk_decision_decision_id"),
    )
    create_index("risk_decision", "address", "decided_time")
    create_index("risk_decision", "decided_time")
    create_index("risk_decision", "device", "decided_time")
    create_index("risk_decision", "member", "decided_time")
    create_index("risk_decision", "rule_id", "decided_time")
    create_table(
        "risk_cursor",
        Column("name", String(64), nullable=False),
        Column("number", BigInteger, nullable=False),
        PrimaryKeyConstraint("name", name="pk_risk_cursor"),
    )
    create_table(
        "risk_alert_group",
        Column("scene", String(64), nullable=False),
        Column("rule_id", String(36), nullable=False),
        Column("owner", String(80), nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("due_time", INSTANT),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("scene", "rule_id", "owner", name="pk_risk_alert_group"),
    )
    create_index("risk_alert_group", "due_time")
    create_table(
        "risk_alert",
        Column("id", SERIAL, nullable=False, autoincrement=True),
        Column("alert_id", String(64), nullable=False),
        Column("group_id", String(64), nullable=False),
        Column("channel", String(16), nullable=False),
        Column("recipient", String(128), nullable=False),
        Column("created_time", INSTANT, nullable=False),
        Column("next_attempt_time", INSTANT),
        Column("attempts", Integer, nullable=False),
        Column("sent_time", INSTANT),
        Column("error", String(1000), nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("id", name="pk_risk_alert"),
        UniqueConstraint("alert_id", "channel", "recipient", name="uq_risk_alert_alert_id_channel_recipient"),
    )
    create_index("risk_alert", "created_time")
    create_index("risk_alert", "group_id", "next_attempt_time")
    create_index("risk_alert", "next_attempt_time")
