"""The event log's way to the Risk service: a Redis Stream of chunks of lines.

Nothing is cut off the stream: its reader removes what it has taken. So a stream that grows has a reader
that is behind. Then samples stay away from it, and in the end refusals, which wait in their processes.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from servers.mesh.clock import Clock
from servers.mesh.judging.outlet import Line
from servers.mesh.redis_clients import AnyRedis
from servers.store.event import Event

STREAM = "nectary:risk:decisions"
DEAD_STREAM = "nectary:risk:decisions:dead"
EVENT_TYPE = "DecisionsMade"
CHUNK_LINES = 50
FULL_CHUNKS = 4_000
"""Two hundred thousand records: some 200 MB of Redis."""


class StreamFull(Exception):
    """The reader is too far behind."""


class StreamSink:
    """Appends to the stream. A chunk whose answer was lost is sent again, under the same id."""

    name = "stream"

    def __init__(
        self, redis: AnyRedis, clock: Clock, *, stream: str = STREAM, full_chunks: int = FULL_CHUNKS
    ) -> None:
        self._redis = redis
        self._clock = clock
        self._stream = stream
        self._full_chunks = full_chunks

    async def write(self, lines: Sequence[Line]) -> int:
        """Raises StreamFull, RedisError or OSError."""
        length = await self._redis.xlen(self._stream)
        if length >= self._full_chunks:
            raise StreamFull(f"{self._stream} holds {length} chunks")
        is_roomy = length < self._full_chunks // 2
        wanted = [line.text for line in lines if line.must_be_kept or is_roomy]
        for chunk in _chunks(wanted):
            await self._redis.xadd(self._stream, self._event(chunk).to_fields())
        return len(lines) - len(wanted)

    def _event(self, lines: Sequence[bytes]) -> Event:
        payload, now = b"\n".join(lines), self._clock.now()
        return Event(
            # Of its content: repeated, it is found in the reader's inbox.
            event_id=blake2b(payload, digest_size=16).hexdigest(),
            type=EVENT_TYPE,
            version=1,
            subject="",
            seq=0,
            effective_time=now,
            recorded_time=now,
            causation_id="",
            correlation_id="",
            actor="event log",
            payload=payload,
        )


def _chunks(lines: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(lines), CHUNK_LINES):
        yield lines[start : start + CHUNK_LINES]
