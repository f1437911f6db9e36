"""What members did for tasks, read a page at a time."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select, tuple_

from domain.honey.tasks import Progress, ProgressKey
from servers.honey.sql.tables import task_progress as table
from servers.honey.sql.task_progress import SqlTaskProgress, progress_of_row
from servers.mesh.pages import Place

MOST_DIGITS = 4
"""Of a version's number."""
_NEWEST_FIRST = (table.c.start_time.desc(), table.c.version.desc())


def progress_by_key(connection: Connection, keys: Sequence[ProgressKey]) -> Mapping[ProgressKey, Progress]:
    """What is kept of these."""
    progress = SqlTaskProgress(connection).rows
    progress.prefetch(keys)
    return progress.found


def periods_of_task(
    connection: Connection, programme_id: str, member_id: str, task_id: str, after: Place | None, limit: int
) -> list[Progress]:
    """The periods of one task behind a place, the newest first, at most so many."""
    query = select(table).where(
        table.c.programme_id == programme_id, table.c.member_id == member_id, table.c.task_id == task_id
    )
    if after:
        start, version = after
        # Whoever forges a token only asks for another place, of which there need not be one.
        number = int(version) if version.isdigit() and len(version) <= MOST_DIGITS else 0
        query = query.where(tuple_(table.c.start_time, table.c.version) < tuple_(start, number))
    rows = connection.execute(query.order_by(*_NEWEST_FIRST).limit(limit))
    return [progress_of_row(row) for row in rows]
