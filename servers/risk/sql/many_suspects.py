"""Many subjects of the list in one transaction: read together, changed in memory, written together.

An attack lists hundreds of subjects a second, and each by itself would cost four statements.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from domain.risk.canonical import decoded
from domain.risk.subjects import Subject
from domain.risk.suspects import Change, Entry
from servers.risk.sql.suspects import entry_row, raced, replace_entry, transition_row
from servers.risk.sql.tables import suspect, transition
from servers.store.faults import is_duplicate
from servers.store.keys import Among
from servers.store.rows import insert_rows

AT_ONCE = 500
"""Keys of one statement."""

Event = tuple[Subject, str]
"""A subject, and the id of what is to change it."""

_AMONG_SUBJECTS = Among(suspect.c.kind, suspect.c.value, indexed=2)
_SELECT_ENTRIES = select(suspect.c.content).where(_AMONG_SUBJECTS.condition)
_AMONG_EVENTS = Among(transition.c.kind, transition.c.value, transition.c.event_id, indexed=3)
_SELECT_EVENTS = select(transition.c.kind, transition.c.value, transition.c.event_id).where(
    _AMONG_EVENTS.condition
)


class ManySuspects:
    """The entries of these subjects over one connection. Nothing is written before `flush`."""

    def __init__(self, connection: Connection, events: Iterable[Event]) -> None:
        """`events`: all that may change a subject here."""
        self._connection = connection
        asked = list(dict.fromkeys(events))
        self._before = self._read({subject for subject, _ in asked})
        self._seen = self._read_seen([event for event in asked if event[0] in self._before])
        self._now = dict(self._before)
        self._changes: list[Change] = []

    def get(self, subject: Subject) -> Entry:
        """As it is by now; an entry of version 0 for one that was never listed."""
        return self._now.get(subject) or Entry(subject)

    def has_seen(self, subject: Subject, event_id: str) -> bool:
        """Whether this event has changed the subject."""
        return (subject, event_id) in self._seen

    def put(self, change: Change) -> None:
        """Have it written."""
        self._now[change.entry.subject] = change.entry
        self._seen.add((change.entry.subject, change.transition.cause.event_id))
        self._changes.append(change)

    def flush(self) -> None:
        """Write it all. Raises Raced if somebody else changes one of the entries at this moment."""
        touched = dict.fromkeys(change.entry.subject for change in self._changes)
        try:
            new = [entry_row(self._now[subject]) for subject in touched if subject not in self._before]
            insert_rows(self._connection, suspect, new)
            for subject in touched:
                if subject in self._before:
                    replace_entry(self._connection, self._before[subject].version, self._now[subject])
            made = [transition_row(change.transition) for change in self._changes]
            insert_rows(self._connection, transition, made)
        except IntegrityError as error:
            if is_duplicate(error):
                raise raced() from error
            raise

    def _read(self, subjects: Iterable[Subject]) -> dict[Subject, Entry]:
        keys = [(subject.kind.value, subject.value) for subject in sorted(subjects)]
        found: dict[Subject, Entry] = {}
        for some in _portions(keys):
            rows = self._connection.scalars(_SELECT_ENTRIES, _AMONG_SUBJECTS.these(some))
            entries = [decoded(Entry, content) for content in rows]
            found |= {entry.subject: entry for entry in entries}
        return found

    def _read_seen(self, events: Sequence[Event]) -> set[Event]:
        by_key = {(subject.kind.value, subject.value, event_id): subject for subject, event_id in events}
        seen: set[Event] = set()
        for some in _portions(list(by_key)):
            rows = self._connection.execute(_SELECT_EVENTS, _AMONG_EVENTS.these(some))
            seen |= {(by_key[kind, value, event_id], event_id) for kind, value, event_id in rows}
        return seen


def _portions(keys: Sequence[tuple[str, ...]]) -> Iterable[Sequence[tuple[str, ...]]]:
    return (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
