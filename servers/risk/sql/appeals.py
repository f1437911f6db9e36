"""Appeals: one a listing."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.risk.appeals import Appeal, AppealState
from domain.risk.subjects import Subject, SubjectKind
from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.risk.sql.tables import appeal as appeals
from servers.store.faults import is_duplicate


class SqlAppeals:
    """The port `Appeals` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self, subject: Subject) -> Appeal | None:
        query = select(appeals).where(appeals.c.kind == subject.kind.value, appeals.c.value == subject.value)
        row = self._connection.execute(query.order_by(appeals.c.listed_time.desc()).limit(1)).first()
        return None if row is None else _appeal(row)

    def add(self, appeal: Appeal) -> None:
        row = {
            "appeal_id": appeal.appeal_id,
            "kind": appeal.subject.kind.value,
            "value": appeal.subject.value,
            "listed_time": appeal.listed,
            "state": appeal.state.value,
            "text": appeal.text,
            "created_time": appeal.created,
            "answer_by_time": appeal.answer_by,
        }
        try:
            self._connection.execute(insert(appeals), [row])
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("TRANSACTION_RACED", "another appeal was first") from error
            raise

    def answer(self, appeal: Appeal, state: AppealState, now: Instant) -> None:
        is_open = appeals.c.state == AppealState.OPEN.value
        closing = update(appeals).where(appeals.c.appeal_id == appeal.appeal_id, is_open)
        if self._connection.execute(closing.values(state=state.value, answered_time=now)).rowcount != 1:
            raise Raced("TRANSACTION_RACED", "another answer was first")


def _appeal(row: Row[Any]) -> Appeal:
    return Appeal(
        appeal_id=row.appeal_id,
        subject=Subject(SubjectKind(row.kind), row.value),
        listed=row.listed_time,
        text=row.text,
        created=row.created_time,
        state=AppealState(row.state),
        answered=row.answered_time,
    )
