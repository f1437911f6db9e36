"""What holds of Identity's tables at any moment at which nobody writes, whatever has happened."""

from collections.abc import Iterator

from sqlalchemy import Connection, Table, func, select

from domain.identity.laying import flatten
from domain.identity.timeline import Timeline, fold
from servers.identity.sql.facts import read_history
from servers.identity.sql.projections import segment_rows
from servers.identity.sql.tables import common, event, segment, term, timeline
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine


def assert_whole(store_url: str) -> None:
    """No gap, no half-written command, no stale projection, no answer without its effect."""
    engine = blocking_engine(StoreConfig(store_url))
    with engine.connect() as connection:
        members = list(connection.scalars(select(timeline.c.member_id)))
        wrong = [*_gaps(connection), *_miscounts(connection), *_stale(connection, members)]
    engine.dispose()
    assert not wrong, "\n".join(wrong)


def _gaps(connection: Connection) -> Iterator[str]:
    """A member's facts are numbered from 1 to the timeline's version."""
    versions = {row.member_id: row.version for row in connection.execute(select(timeline))}
    query = select(event.c.member_id, func.count(), func.min(event.c.seq), func.max(event.c.seq))
    found = {row[0]: tuple(row[1:]) for row in connection.execute(query.group_by(event.c.member_id))}
    for member_id in versions.keys() | found.keys():
        version = versions.get(member_id)
        if found.get(member_id) != (version, 1, version):
            yield f"{member_id}: version {version}, facts {found.get(member_id)}"


def _miscounts(connection: Connection) -> Iterator[str]:
    """Every fact is on its way out, and every placed term has its row, which holds its cause."""

    def count(table: Table, **where: str) -> int:
        query = select(func.count()).select_from(table)
        for column, value in where.items():
            query = query.where(table.c[column] == value)
        return connection.scalar(query) or 0

    if count(event) != count(common.outbox):
        yield f"{count(event)} facts, {count(common.outbox)} events in the outbox"
    if count(event, type="TermPlaced") != count(term):
        yield f"{count(event, type='TermPlaced')} placed terms, {count(term)} rows of terms"


def _stale(connection: Connection, members: list[str]) -> Iterator[str]:
    """The segments are those that follow from the facts (ID-6)."""
    stored: dict[str, dict[tuple[str, int], dict[str, object]]] = {}
    for row in connection.execute(select(segment)).mappings():
        stored.setdefault(row["member_id"], {})[row["lane_id"], row["start_time"]] = dict(row)
    for member_id, history in read_history(connection, members).items():
        folded = fold(Timeline(member_id), history)
        if segment_rows(member_id, folded, flatten(folded)) != stored.get(member_id, {}):
            yield f"{member_id}: the segments are not those of the facts"
