"""The list of suspects as this process knows it: at most a second old, and the last good one on a bad day."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from domain.risk.canonical import decoded
from domain.risk.evidence import Seen, seen
from domain.risk.suspects import Entry
from domain.shared.instants import Instant
from servers.mesh.judging.published import HEAD, REMOVED, changes_key, list_key
from servers.mesh.redis_clients import AnyRedis

Name = tuple[str, str]
"""A subject as calls name it: its kind and its value."""

READ_AT_ONCE = 500
TAKEN_AT_ONCE = 50
"""Between two batches the calls in progress have their turn: each takes a millisecond or two."""

_log = structlog.get_logger("nectary.risk")


class ListCopy:
    """Entries by subject. Whether one has expired is for the reader's clock to say, not for a writer."""

    def __init__(self) -> None:
        self._entries: dict[Name, Entry] = {}
        self._generation = b""
        self._seq = 0
        self.bad_entries = 0
        """Documents that could not be read; what was known of their subjects stays."""

    def __len__(self) -> int:
        return len(self._entries)

    def look_up(self, subjects: Iterable[Name], now: Instant) -> tuple[Seen, ...]:
        """What the list says of those of them of whom it says anything."""
        entries = self._entries
        if not entries:
            return ()
        found = [entries[subject] for subject in subjects if subject in entries]
        return tuple(said for entry in found if (said := seen(entry, now)) is not None) if found else ()

    async def follow(self, client: AnyRedis, head: Mapping[bytes, bytes]) -> None:
        """Reads what changed since the last time, or everything if it cannot be told what did."""
        generation = head.get(b"list")
        if generation is None:
            # Nothing was ever published, or Redis lost it: what we know stays until somebody knows better.
            return
        seq = int(head.get(b"seq", 0))
        if (
            generation != self._generation
            or seq < self._seq
            or (seq > self._seq and not await self._read_changes(client))
        ):
            await self._read_all(client, generation, seq)

    async def _read_all(self, client: AnyRedis, generation: bytes, seq: int) -> None:
        call: Any = client
        key = list_key(generation.decode())
        entries: dict[Name, Entry] = {}
        async for subject, document in call.hscan_iter(key, count=READ_AT_ONCE):
            self._take(entries, subject, document)
            if len(entries) % TAKEN_AT_ONCE == 0:
                await asyncio.sleep(0)
        if await call.hget(HEAD, "list") != generation:
            # Replaced while we read: we may have met the half of it.
            return
        # What changed meanwhile is read with the next look, whether the scan met it or not.
        self._entries, self._generation, self._seq = entries, generation, seq

    async def _read_changes(self, client: AnyRedis) -> bool:
        """False if some of them are gone already."""
        call: Any = client
        key, began_at = changes_key(self._generation.decode()), self._seq
        while True:
            changes = await call.xrange(key, min=f"({self._seq}-0", count=READ_AT_ONCE)
            for number, fields in changes:
                seq = int(number.partition(b"-")[0])
                if seq != self._seq + 1:
                    return False
                self._take(self._entries, fields[b"subject"], fields[b"entry"])
                self._seq = seq
            if len(changes) < READ_AT_ONCE:
                return self._seq > began_at

    def _take(self, entries: dict[Name, Entry], subject: bytes, document: bytes) -> None:
        kind, _, value = subject.decode(errors="replace").partition(":")
        name = (kind, value)
        try:
            if document == REMOVED:
                entries.pop(name, None)
            else:
                entries[name] = decoded(Entry, document)
        except ValueError as error:
            self.bad_entries += 1
            _log.error("an entry of the list is bad", subject=f"{kind}:{value}", error=str(error))
            if name in self._entries:
                entries[name] = self._entries[name]
