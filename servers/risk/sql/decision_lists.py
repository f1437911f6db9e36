"""Recorded decisions, read: one, a page, a period."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select

from domain.risk.canonical import decoded
from domain.risk.evidence import Evidence
from domain.risk.subjects import Subject, SubjectKind
from domain.shared.errors import NotFound
from domain.shared.instants import Instant
from servers.mesh.judging.record import DecisionRecord, from_line, plain_json
from servers.risk.sql.decisions import Numbered
from servers.risk.sql.tables import decision


class Filter(NamedTuple):
    """Which decisions are asked for. Empty: all."""

    outcomes: Sequence[str] = ()
    scene: str = ""
    subject: Subject | None = None
    rule_id: str = ""
    start: Instant | None = None
    end: Instant | None = None

    def clause(self) -> ColumnElement[bool]:
        """As SQL."""
        columns = decision.c
        clauses = [
            columns.outcome.in_(self.outcomes) if self.outcomes else None,
            columns.scene == self.scene if self.scene else None,
            columns[_COLUMNS[self.subject.kind]] == self.subject.value if self.subject else None,
            columns.rule_id == self.rule_id if self.rule_id else None,
            columns.decided_time >= self.start if self.start is not None else None,
            columns.decided_time < self.end if self.end is not None else None,
        ]
        return and_(True, *(clause for clause in clauses if clause is not None))


_COLUMNS = {kind: kind.value.lower() for kind in SubjectKind}


def decision_named(connection: Connection, decision_id: str) -> DecisionRecord:
    """One decision. Raises NotFound (DECISION_NOT_FOUND)."""
    content = connection.scalar(select(decision.c.content).where(decision.c.decision_id == decision_id))
    if content is None:
        message = "no such decision is recorded"
        raise NotFound("DECISION_NOT_FOUND", message, decision_id=decision_id)
    return from_line(content)


def decisions_page(connection: Connection, wanted: Filter, before: int | None, limit: int) -> list[Numbered]:
    """The newest first, behind a number."""
    query = select(decision.c.id, decision.c.content).where(wanted.clause())
    if before is not None:
        query = query.where(decision.c.id < before)
    rows = connection.execute(query.order_by(decision.c.id.desc()).limit(limit))
    return [Numbered(row.id, from_line(row.content)) for row in rows]


def first_of_newest(connection: Connection, wanted: Filter, most: int) -> int:
    """The number before the oldest of the newest `most` decisions."""
    newest = select(decision.c.id).where(wanted.clause()).order_by(decision.c.id.desc()).limit(most)
    first = connection.scalar(select(func.min(newest.subquery().c.id)))
    return 0 if first is None else int(first) - 1


def decisions_following(connection: Connection, wanted: Filter, after: int, limit: int) -> list[Numbered]:
    """The oldest first, behind a number."""
    query = select(decision.c.id, decision.c.content).where(wanted.clause(), decision.c.id > after)
    rows = connection.execute(query.order_by(decision.c.id).limit(limit))
    return [Numbered(row.id, from_line(row.content)) for row in rows]


def evidence_of(record: DecisionRecord) -> Evidence:
    """What it rested on. Raises ValueError if it was too large to be kept, or is of another kind."""
    return decoded(Evidence, plain_json(record.evidence))
