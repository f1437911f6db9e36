"""Identity's own tables: catalogues, timelines with their facts and projections, orders, cards, weights.

Facts (`identity_event`) are the truth of a timeline; `identity_segment` can be dropped and rebuilt from
them. What is looked up once and never searched (an order's terms, a catalogue) is kept as one document.
"""

from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, String, UniqueConstraint

from servers.store.migrations.additive import BYTES, INSTANT, SERIAL, SHA256, create_index, create_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    create_table(
        "identity_catalog",
        Column("revision", BigInteger, nullable=False, autoincrement=False),
        Column("effective_time", INSTANT, nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("revision", name="pk_identity_catalog"),
    )
    create_index("identity_catalog", "effective_time")
    create_table(
        "identity_sku_version",
        Column("sku_id", String(36), nullable=False),
        Column("version", BigInteger, nullable=False, autoincrement=False),
        Column("catalog_revision", BigInteger, nullable=False),
        Column("effective_time", INSTANT, nullable=False),
        Column("retired", Integer, nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("sku_id", "version", name="pk_identity_sku_version"),
    )
    create_table(
        "identity_timeline",
        Column("member_id", String(36), nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("next_moment", INSTANT),
        PrimaryKeyConstraint("member_id", name="pk_identity_timeline"),
    )
    create_index("identity_timeline", "next_moment")
    create_table(
        "identity_event",
        Column("id", SERIAL, nullable=False, autoincrement=True),
        Column("member_id", String(36), nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("type", String(32), nullable=False),
        Column("effective_time", INSTANT, nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        Column("stored_time", INSTANT, nullable=False),
        Column("actor", String(128), nullable=False),
        Column("request_id", String(64), nullable=False),
        Column("payload", BYTES, nullable=False),
        PrimaryKeyConstraint("id", name="pk_identity_event"),
        UniqueConstraint("member_id", "seq", name="uq_identity_event_member_id_seq"),
    )
    create_table(
        "identity_term",
        Column("term_id", String(36), nullable=False),
        Column("member_id", String(36), nullable=False),
        Column("sku_id", String(36), nullable=False),
        Column("sku_version", BigInteger, nullable=False),
        Column("source", String(64), nullable=False),
        Column("channel", String(32), nullable=False),
        Column("cause_kind", String(32), nullable=False),
        Column("cause_id", String(64), nullable=False),
        Column("placement", String(32), nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("term_id", name="pk_identity_term"),
        UniqueConstraint("cause_kind", "cause_id", name="uq_identity_term_cause_kind_cause_id"),
    )
    create_index("identity_term", "member_id")
    create_table(
        "identity_segment",
        Column("member_id", String(36), nullable=False),
        Column("lane_id", String(36), nullable=False),
        Column("start_time", INSTANT, nullable=False),
        Column("end_time", INSTANT, nullable=False),
        Column("held_from", INSTANT, nullable=False),
        Column("held_until", INSTANT, nullable=False),
        Column("term_id", String(36), nullable=False),
        Column("sku_id", String(36), nullable=False),
        Column("spu_id", String(36), nullable=False),
        Column("cause_kind", String(32), nullable=False),
        Column("cause_id", String(64), nullable=False),
        Column("source", String(64), nullable=False),
        Column("channel", String(32), nullable=False),
        PrimaryKeyConstraint("member_id", "lane_id", "start_time", name="pk_identity_segment"),
    )
    create_table(
        "identity_order",
        Column("order_id", String(36), nullable=False),
        Column("member_id", String(36), nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("state", String(32), nullable=False),
        Column("created_time", INSTANT, nullable=False),
        Column("expires_time", INSTANT, nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("order_id", name="pk_identity_order"),
    )
    create_index("identity_order", "member_id")
    create_table(
        "identity_refund_notice",
        Column("order_id", String(36), nullable=False),
        Column("refund_id", String(64), nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("order_id", "refund_id", name="pk_identity_refund_notice"),
    )
    create_table(
        "identity_trial",
        Column("trial_family", String(36), nullable=False),
        Column("subject", String(80), nullable=False),
        Column("term_id", String(36), nullable=False),
        PrimaryKeyConstraint("trial_family", "subject", name="pk_identity_trial"),
    )
    create_index("identity_trial", "term_id")
    create_index("identity_trial", "subject")
    create_table(
        "identity_card_batch",
        Column("batch_id", String(36), nullable=False),
        Column("sku_id", String(36), nullable=False),
        Column("source", String(64), nullable=False),
        Column("cards", Integer, nullable=False),
        Column("opens_time", INSTANT, nullable=False),
        Column("closes_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("batch_id", name="pk_identity_card_batch"),
    )
    create_table(
        "identity_card",
        Column("code_hash", SHA256, nullable=False),
        Column("batch_id", String(36), nullable=False),
        Column("state", String(16), nullable=False),
        Column("member_id", String(36), nullable=False),
        Column("term_id", String(36), nullable=False),
        PrimaryKeyConstraint("code_hash", name="pk_identity_card"),
    )
    create_index("identity_card", "batch_id")
    create_table(
        "identity_attention",
        Column("spu_id", String(36), nullable=False),
        Column("day", Integer, nullable=False, autoincrement=False),
        Column("uses", BigInteger, nullable=False),
        Column("views", BigInteger, nullable=False),
        PrimaryKeyConstraint("spu_id", "day", name="pk_identity_attention"),
    )
    create_table(
        "identity_weights",
        Column("version", BigInteger, nullable=False, autoincrement=False),
        Column("computed_time", INSTANT, nullable=False),
        Column("content", String(16_000), nullable=False),
        PrimaryKeyConstraint("version", name="pk_identity_weights"),
    )
