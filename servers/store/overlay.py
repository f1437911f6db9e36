"""What one transaction has read and wants to write, kept in memory so that many commands share it.

A group of commands runs in one transaction. Each sees what the ones before it kept; one that is refused
is dropped without a trace. What was kept is written at the end, in few statements.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from domain.shared.errors import Raced

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Load = Callable[[Sequence[K]], Mapping[K, V]]
"""Reads rows by their keys; what is not there is absent."""


class Overlay(Generic[K, V]):
    """Rows of one kind, by key. None is the known absence of a row."""

    def __init__(self, load: Callable[[Sequence[K]], Mapping[K, V]]) -> None:
        self._load = load
        self._read: dict[K, V | None] = {}
        self._kept: dict[K, V] = {}
        self._pending: dict[K, V] = {}

    def prefetch(self, keys: Iterable[K]) -> None:
        """Read what is not known yet, in one query."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._read]
        if missing:
            found = self._load(missing)
            self._read.update({key: found.get(key) for key in missing})

    def get(self, key: K) -> V | None:
        if key in self._pending:
            return self._pending[key]
        if key in self._kept:
            return self._kept[key]
        if key not in self._read:
            self.prefetch([key])
        return self._read[key]

    def known(self, key: K) -> V | None:
        """As `get`, but without reading: None also for what was not read."""
        return self._pending.get(key) or self._kept.get(key) or self._read.get(key)

    def learn(self, key: K, row: V) -> None:
        """A row that another query has read."""
        self._read.setdefault(key, row)

    def put(self, key: K, value: V) -> None:
        self._pending[key] = value

    @property
    def asked(self) -> Sequence[K]:
        """The keys that were read, those of absent rows included."""
        return list(self._read)

    @property
    def found(self) -> Mapping[K, V]:
        """The rows as they were read."""
        return {key: row for key, row in self._read.items() if row is not None}

    def confirm(self) -> None:
        """Raises Raced if what was read is no longer what the database says."""
        if self._read and self._load(self.asked) != self.found:
            raise Raced("TRANSACTION_RACED", "another writer changed what was read")

    def keep(self) -> None:
        """The command that wrote succeeded."""
        self._kept.update(self._pending)
        self._pending.clear()

    def drop(self) -> None:
        """It was refused."""
        self._pending.clear()

    def unwritten(self) -> Mapping[K, V]:
        """Rows as earlier commands of the group left them, before the database knows."""
        return self._kept | self._pending

    def forget(self) -> None:
        """The rows were changed past this overlay: read them again, but for those that are to be written."""
        self._read = {key: row for key, row in self._read.items() if key in self._kept}

    def changes(self) -> list[tuple[K, V | None, V]]:
        """What to write: key, the row as it was read (None: new), the row as it shall be."""
        return [(key, self._read.get(key), value) for key, value in self._kept.items()]

    def fresh(self) -> list[V]:
        """Rows to add."""
        return [value for key, value in self._kept.items() if self._read.get(key) is None]

    def changed(self) -> list[V]:
        """Rows to write anew over those that are there."""
        return [value for key, value in self._kept.items() if self._read.get(key) is not None]


class Log(Generic[V]):
    """Rows that are only ever added."""

    def __init__(self) -> None:
        self.kept: list[V] = []
        self._pending: list[V] = []

    def add(self, *rows: V) -> None:
        self._pending.extend(rows)

    def unwritten(self) -> Sequence[V]:
        """What was added and the database does not know yet, in order."""
        return [*self.kept, *self._pending]

    def keep(self) -> None:
        self.kept.extend(self._pending)
        self._pending.clear()

    def drop(self) -> None:
        self._pending.clear()
