"""Identity's tables. Facts and catalogues are append-only; `segment` is a projection of facts."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, UniqueConstraint

from servers.store.columns import BYTES, INSTANT, SERIAL, SHA256, TABLE, identifier, new_metadata
from servers.store.tables import service_tables

metadata = new_metadata()
common = service_tables("identity", metadata)

REASON = String(200)
"""Why, in the words of whoever asked: the bound of the contract."""

catalog = Table(
    "identity_catalog",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("effective_time", INSTANT, nullable=False),
    Column("content", BYTES, nullable=False),
    Index(None, "effective_time"),
    **TABLE,
)

sku_version = Table(
    "identity_sku_version",
    metadata,
    Column("sku_id", identifier(), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("catalog_revision", BigInteger, nullable=False),
    Column("effective_time", INSTANT, nullable=False),
    Column("retired", Integer, nullable=False),
    Column("content", BYTES, nullable=False),
    **TABLE,
)

timeline = Table(
    "identity_timeline",
    metadata,
    Column("member_id", identifier(), primary_key=True),
    # Of the last fact: the optimistic lock of all writes of one member.
    Column("version", BigInteger, nullable=False),
    # When an identity starts or ends next, so that a job finds those that fall due.
    Column("next_moment", INSTANT),
    Index(None, "next_moment"),
    **TABLE,
)

event = Table(
    "identity_event",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("member_id", identifier(), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("type", identifier(32), nullable=False),
    Column("effective_time", INSTANT, nullable=False),
    Column("recorded_time", INSTANT, nullable=False),
    # The machine's own time, which no test clock moves: tells when an id has surely settled.
    Column("stored_time", INSTANT, nullable=False),
    Column("actor", identifier(128), nullable=False),
    Column("request_id", identifier(64), nullable=False),
    Column("payload", BYTES, nullable=False),
    Column("reason", REASON, nullable=False, server_default=""),
    UniqueConstraint("member_id", "seq"),
    **TABLE,
)

term = Table(
    "identity_term",
    metadata,
    Column("term_id", identifier(), primary_key=True),
    Column("member_id", identifier(), nullable=False),
    Column("sku_id", identifier(), nullable=False),
    Column("sku_version", BigInteger, nullable=False),
    Column("source", identifier(64), nullable=False),
    Column("channel", identifier(32), nullable=False),
    Column("cause_kind", identifier(32), nullable=False),
    Column("cause_id", identifier(64), nullable=False),
    Column("placement", identifier(32), nullable=False),
    Column("recorded_time", INSTANT, nullable=False),
    # One cause gives one term, whatever goes wrong above.
    UniqueConstraint("cause_kind", "cause_id"),
    Index(None, "member_id"),
    **TABLE,
)

segment = Table(
    "identity_segment",
    metadata,
    Column("member_id", identifier(), primary_key=True),
    Column("lane_id", identifier(), primary_key=True),
    Column("start_time", INSTANT, primary_key=True),
    Column("end_time", INSTANT, nullable=False),
    # The run of abutting segments of one SKU that this one is part of: what members see as one card.
    Column("held_from", INSTANT, nullable=False),
    Column("held_until", INSTANT, nullable=False),
    Column("term_id", identifier(), nullable=False),
    Column("sku_id", identifier(), nullable=False),
    Column("spu_id", identifier(), nullable=False),
    Column("cause_kind", identifier(32), nullable=False),
    Column("cause_id", identifier(64), nullable=False),
    Column("source", identifier(64), nullable=False),
    Column("channel", identifier(32), nullable=False),
    **TABLE,
)

order = Table(
    "identity_order",
    metadata,
    Column("order_id", identifier(), primary_key=True),
    Column("member_id", identifier(), nullable=False),
    # Grows with every change, and with every refund that waits for the payment: the optimistic lock.
    Column("version", BigInteger, nullable=False),
    Column("state", identifier(32), nullable=False),
    Column("created_time", INSTANT, nullable=False),
    Column("expires_time", INSTANT, nullable=False),
    Column("content", BYTES, nullable=False),
    Index(None, "member_id"),
    **TABLE,
)

refund_notice = Table(
    "identity_refund_notice",
    metadata,
    Column("order_id", identifier(), primary_key=True),
    Column("refund_id", identifier(64), primary_key=True),
    Column("recorded_time", INSTANT, nullable=False),
    Column("content", BYTES, nullable=False),
    # NULL in rows of before this column.
    Column("member_id", identifier()),
    # One refund id waits for one payment, whatever goes wrong above.
    Index(None, "member_id", "refund_id", unique=True),
    **TABLE,
)

trial = Table(
    "identity_trial",
    metadata,
    Column("trial_family", identifier(), primary_key=True),
    # `m:<member>` or `f:<fingerprint>`: one use of a family each (ID-15).
    Column("subject", identifier(80), primary_key=True),
    Column("term_id", identifier(), nullable=False),
    Index(None, "term_id"),
    Index(None, "subject"),
    **TABLE,
)

card_batch = Table(
    "identity_card_batch",
    metadata,
    Column("batch_id", identifier(), primary_key=True),
    Column("sku_id", identifier(), nullable=False),
    Column("source", identifier(64), nullable=False),
    Column("cards", Integer, nullable=False),
    Column("opens_time", INSTANT, nullable=False),
    Column("closes_time", INSTANT, nullable=False),
    **TABLE,
)

card = Table(
    "identity_card",
    metadata,
    Column("code_hash", SHA256, primary_key=True),
    Column("batch_id", identifier(), nullable=False),
    Column("state", identifier(16), nullable=False),
    Column("member_id", identifier(), nullable=False),
    Column("term_id", identifier(), nullable=False),
    Column("void_reason", REASON, nullable=False, server_default=""),
    Index(None, "batch_id"),
    **TABLE,
)

attention = Table(
    "identity_attention",
    metadata,
    Column("spu_id", identifier(), primary_key=True),
    # Days since 1970, UTC.
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("uses", BigInteger, nullable=False),
    Column("views", BigInteger, nullable=False),
    **TABLE,
)

weights = Table(
    "identity_weights",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("computed_time", INSTANT, nullable=False),
    Column("content", String(16_000), nullable=False),
    **TABLE,
)
