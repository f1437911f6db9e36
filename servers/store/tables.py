"""The tables that every service has beside its own, each named `<service>_<table>`."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, UniqueConstraint

from servers.store.columns import BYTES, INSTANT, SERIAL, SHA256, TABLE, identifier

CALLER_LENGTH = 128
REQUEST_ID_LENGTH = 64
SUBJECT_LENGTH = 64
ERROR_LENGTH = 1000


@dataclass(frozen=True)
class ServiceTables:
    """One service's own copy of the generic tables."""

    outbox: Table
    inbox: Table
    idempotency: Table
    dead_letter: Table
    lease: Table


def service_tables(service: str, metadata: MetaData) -> ServiceTables:
    """Declare them on `metadata`. They are created by migrations, never from here."""
    return ServiceTables(
        outbox=_outbox(f"{service}_outbox", metadata),
        inbox=_inbox(f"{service}_inbox", metadata),
        idempotency=_idempotency(f"{service}_idempotency", metadata),
        dead_letter=_dead_letter(f"{service}_dead_letter", metadata),
        lease=_lease(f"{service}_lease", metadata),
    )


def _outbox(name: str, metadata: MetaData) -> Table:
    """Events to publish, and those published lately."""
    return Table(
        name,
        metadata,
        Column("id", SERIAL, primary_key=True, autoincrement=True),
        *_event_columns(),
        Column("published_time", INSTANT),
        Column("attempts", Integer, nullable=False),
        UniqueConstraint("event_id"),
        # Finds the unpublished in the order of their ids, and the published by age.
        Index(None, "published_time", "id"),
        **TABLE,
    )


def _inbox(name: str, metadata: MetaData) -> Table:
    """Events whose effect is in this database. Two consumer groups of one service are two readers."""
    return Table(
        name,
        metadata,
        Column("consumer_group", identifier(64), primary_key=True),
        Column("event_id", identifier(), primary_key=True),
        Column("recorded_time", INSTANT, nullable=False),
        Index(None, "recorded_time"),
        **TABLE,
    )


def _idempotency(name: str, metadata: MetaData) -> Table:
    """The answer to every write request, kept for its caller's retries."""
    return Table(
        name,
        metadata,
        Column("caller", identifier(CALLER_LENGTH), primary_key=True),
        Column("request_id", identifier(REQUEST_ID_LENGTH), primary_key=True),
        Column("method", identifier(128), nullable=False),
        Column("body_hash", SHA256, nullable=False),
        Column("response", BYTES, nullable=False),
        Column("refusal", BYTES),
        Column("recorded_time", INSTANT, nullable=False),
        Column("expires_time", INSTANT, nullable=False),
        Index(None, "expires_time"),
        **TABLE,
    )


def _dead_letter(name: str, metadata: MetaData) -> Table:
    """Events that a consumer group could not take, whole, so that they can be taken later."""
    return Table(
        name,
        metadata,
        Column("id", SERIAL, primary_key=True, autoincrement=True),
        Column("consumer_group", identifier(64), nullable=False),
        *_event_columns(),
        Column("error", String(ERROR_LENGTH), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("dead_time", INSTANT, nullable=False),
        Column("redriven_time", INSTANT),
        UniqueConstraint("consumer_group", "event_id"),
        **TABLE,
    )


def _lease(name: str, metadata: MetaData) -> Table:
    """Who runs which background job."""
    return Table(
        name,
        metadata,
        Column("name", identifier(64), primary_key=True),
        Column("holder", identifier(128), nullable=False),
        Column("fence", BigInteger, nullable=False),
        Column("expires_time", INSTANT, nullable=False),
        **TABLE,
    )


def _event_columns() -> list[Column[object]]:
    return [
        Column("event_id", identifier(), nullable=False),
        Column("type", identifier(64), nullable=False),
        Column("version", Integer, nullable=False),
        Column("subject", identifier(SUBJECT_LENGTH), nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("effective_time", INSTANT, nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        Column("causation_id", identifier(REQUEST_ID_LENGTH), nullable=False),
        Column("correlation_id", identifier(REQUEST_ID_LENGTH), nullable=False),
        Column("actor", identifier(CALLER_LENGTH), nullable=False),
        Column("payload", BYTES, nullable=False),
    ]
