"""The event log's way to the Risk service: a Redis Stream of chunks of lines.

Nothing is cut off the stream: its reader removes what it has taken. So a stream that grows has a reader
that is behind. Then samples stay away from it, and in the end refusals, which wait here.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import count

from domain.shared.instants import Instant
from servers.mesh.judging.outlet import Line
from servers.mesh.redis_clients import AnyRedis
from servers.store.event import Event

STREAM = "nectary:{risk}:decisions"
DEAD_STREAM = "nectary:{risk}:decisions:dead"
EVENT_TYPE = "DecisionsMade"
CHUNK_LINES = 50
FULL = 20_000
"""Chunks in the stream: a million records, about a gigabyte."""


class StreamFull(Exception):
    """The reader is too far behind."""


class StreamSink:
    """Appends to the stream. A chunk whose answer is lost is sent again under its id."""

    name = "stream"

    def __init__(self, redis: AnyRedis, now: "Clocked", *, stream: str = STREAM, full: int = FULL) -> None:
        self._redis = redis
        self._now = now
        self._stream = stream
        self._full = full
        self._writer = os.urandom(8).hex()
        self._numbers = count(1)
        self._waiting: list[Event] = []

    async def write(self, lines: Sequence[Line]) -> int:
        """Raises StreamFull, RedisError or OSError."""
        length = await self._redis.xlen(self._stream)
        if length >= self._full:
            raise StreamFull(f"{self._stream} holds {length} chunks")
        wanted = [line.text for line in lines if line.must_be_kept or length < self._full // 2]
        for event in self._events(wanted):
            await self._redis.xadd(self._stream, event.to_fields())
        return len(lines) - len(wanted)
