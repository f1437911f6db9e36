"""The list: an entry a subject, and all transitions that made it so."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.risk.canonical import decoded, encoded
from domain.risk.states import State
from domain.risk.subjects import Subject
from domain.risk.suspects import Change, Entry, Transition
from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.risk.sql.tables import appeal, suspect, transition
from servers.store.faults import is_duplicate

OPEN = "OPEN"


class SqlSuspects:
    """The port `Suspects` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, subject: Subject) -> Entry:
        content = self._connection.scalar(select(suspect.c.content).where(*_is(suspect, subject)))
        return Entry(subject) if content is None else decoded(Entry, content)

    def write(self, change: Change) -> None:
        """Raises Raced also if this event has changed the subject before: look whether it did."""
        try:
            self._put(change.entry)
            self._connection.execute(insert(transition), [transition_row(change.transition)])
        except IntegrityError as error:
            if is_duplicate(error):
                raise raced() from error
            raise

    def has_seen(self, subject: Subject, event_id: str) -> bool:
        """Whether this event has changed the subject."""
        query = select(transition.c.id).where(*_is(transition, subject), transition.c.event_id == event_id)
        return self._connection.scalar(query) is not None

    def transitions(self, subject: Subject) -> list[Transition]:
        """All of them, in their order."""
        query = select(transition.c.content).where(*_is(transition, subject)).order_by(transition.c.version)
        return [decoded(Transition, content) for content in self._connection.scalars(query)]

    def _put(self, entry: Entry) -> None:
        if entry.version == 1:
            self._connection.execute(insert(suspect), [entry_row(entry)])
        else:
            replace_entry(self._connection, entry.version - 1, entry)


class Listed(NamedTuple):
    """An entry with its place in the list."""

    id: int
    entry: Entry


class Filter(NamedTuple):
    """Which entries are asked for. Empty: all."""

    states: Sequence[State]
    scene: str = ""
    kind: str = ""
    appealing: bool = False


def listed(
    connection: Connection, wanted: Filter, now: Instant, before: int | None, limit: int
) -> list[Listed]:
    """Live entries, the newest first, behind a place."""
    query = select(suspect.c.id, suspect.c.content).where(
        suspect.c.state.in_([state.value for state in wanted.states]), suspect.c.expires_time > now
    )
    if wanted.scene:
        query = query.where(suspect.c.scene == wanted.scene)
    if wanted.kind:
        query = query.where(suspect.c.kind == wanted.kind)
    if wanted.appealing:
        waiting = select(appeal.c.appeal_id).where(
            appeal.c.kind == suspect.c.kind, appeal.c.value == suspect.c.value, appeal.c.state == OPEN
        )
        query = query.where(waiting.exists())
    if before is not None:
        query = query.where(suspect.c.id < before)
    return _listed(connection, query.order_by(suspect.c.id.desc()).limit(limit))


def live_after(connection: Connection, now: Instant, after: int, limit: int) -> list[Listed]:
    """Entries that still say anything, in order behind a place: for publishing the whole list."""
    query = select(suspect.c.id, suspect.c.content).where(suspect.c.id > after, suspect.c.expires_time > now)
    return _listed(connection, query.order_by(suspect.c.id).limit(limit))


def behind(connection: Connection, limit: int) -> list[Listed]:
    """Entries that Redis does not have yet."""
    query = select(suspect.c.id, suspect.c.content).where(suspect.c.is_behind == 1)
    return _listed(connection, query.order_by(suspect.c.id).limit(limit))


def mark_published(connection: Connection, entries: Sequence[Listed]) -> None:
    """Redis has these versions; entries that have moved on since stay behind."""
    for one in entries:
        same = suspect.c.version == one.entry.version
        connection.execute(update(suspect).where(suspect.c.id == one.id, same).values(is_behind=0))


def _listed(connection: Connection, query: Select[Any]) -> list[Listed]:
    return [Listed(row.id, decoded(Entry, row.content)) for row in connection.execute(query)]


def _is(table: Any, subject: Subject) -> Iterator[Any]:
    yield table.c.kind == subject.kind.value
    yield table.c.value == subject.value


def replace_entry(connection: Connection, version: int, entry: Entry) -> None:
    """Write an entry in place of that of a version. Raises Raced if another stands there by now."""
    mine = (*_is(suspect, entry.subject), suspect.c.version == version)
    if connection.execute(update(suspect).where(*mine).values(entry_row(entry))).rowcount != 1:
        raise raced()


def entry_row(entry: Entry) -> dict[str, object]:
    """As its table has it."""
    dozes = [snooze.until for snooze in entry.snoozes]
    return {
        "kind": entry.subject.kind.value,
        "value": entry.subject.value,
        "version": entry.version,
        "state": entry.state.value,
        "scene": entry.scene,
        # When nothing of it counts any more, its snoozes included.
        "expires_time": max(entry.expires, *dozes) if dozes else entry.expires,
        "is_behind": 1,
        "content": encoded(entry).encode(),
    }


def transition_row(one: Transition) -> dict[str, object]:
    """As its table has it."""
    return {
        "kind": one.subject.kind.value,
        "value": one.subject.value,
        "version": one.version,
        "event_id": one.cause.event_id,
        "from_state": one.from_state.value,
        "to_state": one.to_state.value,
        "rule_id": one.cause.rule_id,
        "scene": one.cause.scene,
        "recorded_time": one.at,
        "content": encoded(one).encode(),
    }


def raced() -> Raced:
    """Somebody else was first."""
    return Raced("TRANSACTION_RACED", "another writer changed this subject first")
