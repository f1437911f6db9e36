"""Decisions on their way into the table, out of it by number, and away when their time is over."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.mesh.judging.record import DecisionRecord, from_line, plain_json, to_line
from servers.risk.sql.tables import decision
from servers.store.faults import is_duplicate
from servers.store.rows import insert_rows

_KINDS = ("MEMBER", "DEVICE", "ADDRESS", "PAYMENT")
_IDS_AT_ONCE = 500


class Numbered(NamedTuple):
    """A decision as it lies in the table."""

    id: int
    """Grows in the order in which decisions came in."""
    record: DecisionRecord


def add_decisions(connection: Connection, records: Iterable[DecisionRecord]) -> int:
    """Add those that are not there yet; how many.

    Raises Raced if another process adds one of them at this moment.
    """
    by_id = {record.decision_id: record for record in records}
    ids = list(by_id)
    for start in range(0, len(ids), _IDS_AT_ONCE):
        some = decision.c.decision_id.in_(ids[start : start + _IDS_AT_ONCE])
        for known in connection.scalars(select(decision.c.decision_id).where(some)):
            del by_id[known]
    try:
        _insert(connection, [_row(record) for record in by_id.values()])
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


def _insert(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    # `insert_rows` wants at least two.
    if len(rows) == 1:
        connection.execute(insert(decision), rows)
    else:
        insert_rows(connection, decision, rows)


def _row(record: DecisionRecord) -> dict[str, object]:
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
        "content": to_line(record, plain_json(record.evidence)),
    }
