"""Decisions on their way into the table, out of it by number, and away when their time is over."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import IntegrityError

from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.mesh.judging.record import DecisionRecord, from_line
from servers.risk.sql.tables import decision
from servers.store.faults import is_duplicate
from servers.store.rows import insert_rows

_KINDS = ("MEMBER", "DEVICE", "ADDRESS", "PAYMENT")
_IDS_AT_ONCE = 500


class Written(NamedTuple):
    """A decision as it came."""

    record: DecisionRecord
    line: bytes
    """The record as JSON, which is kept as it is: to make it again costs more than to read it."""


class Numbered(NamedTuple):
    """A decision as it lies in the table."""

    id: int
    """Grows in the order in which decisions came in."""
    record: DecisionRecord


def add_decisions(connection: Connection, decisions: Iterable[Written]) -> int:
    """Add those that are not there yet; how many.

    Raises Raced if another process adds one of them at this moment.
    """
    by_id = {one.record.decision_id: one for one in decisions}
    ids = list(by_id)
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = decision.c.decision_id.in_(ids[start : start + _IDS_AT_ONCE])
        for known in connection.scalars(select(decision.c.decision_id).where(some)):
            del by_id[known]
    try:
        insert_rows(connection, decision, [_row(*one) for one in by_id.values()])
    except IntegrityError as error:
        if is_duplicate(error):
            raise Raced("TRANSACTION_RACED", "another process takes the same decisions") from error
        raise
    return len(by_id)


def decisions_after(connection: Connection, number: int, limit: int) -> list[Numbered]:
    """At most `limit` that came in after this number, in their order."""
    query = (
        select(decision.c.id, decision.c.content)
        .where(decision.c.id > number)
        .order_by(decision.c.id)
        .limit(limit)
    )
    return [Numbered(row.id, from_line(row.content)) for row in connection.execute(query)]


def number_before(connection: Connection, moment: Instant) -> int:
    """Behind this number stand the decisions made from this moment on, but for some that came in late."""
    since = select(decision.c.id).where(decision.c.decided_time >= moment)
    first = connection.scalar(since.order_by(decision.c.decided_time, decision.c.id).limit(1))
    if first is not None:
        return int(first) - 1
    return int(connection.scalar(select(func.max(decision.c.id))) or 0)


def purge_decisions(connection: Connection, before: Instant, limit: int) -> int:
    """Forget at most `limit` decisions made before this moment; how many."""
    old = select(decision.c.id).where(decision.c.decided_time < before).limit(limit)
    ids = connection.scalars(old).all()
    if ids:
        connection.execute(delete(decision).where(decision.c.id.in_(ids)))
    return len(ids)


def _row(record: DecisionRecord, line: bytes) -> dict[str, object]:
    first: dict[str, str] = {}
    for kind, value in record.subjects:
        first.setdefault(kind, value)
    return {
        "decision_id": record.decision_id,
        "decided_time": record.time,
        "scene": record.scene,
        "method": record.method,
        "caller": record.caller,
        "role": record.role,
        "outcome": record.outcome,
        "reason": record.reason,
        "rule_id": record.rule_id,
        "rule_version": record.rule_version,
        "revision": record.revision,
        **{kind.lower(): first.get(kind, "") for kind in _KINDS},
        "latency_us": record.latency_us,
        "sampled": int(record.sampled),
        "content": line,
    }
