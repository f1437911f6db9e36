"""Takes events from a Redis Stream, in its order, and acknowledges what has had its effect.

An event is acknowledged after its transaction, so a crash in between only means that it comes again and
is found in the inbox. One process of a group reads at a time, under a lease: two would break the order.
For the same reason, whatever was delivered and not acknowledged comes before anything new.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from redis.typing import EncodableT

from domain.shared.errors import Unavailable
from servers.mesh.redis_clients import STORE_ERRORS
from servers.store.event import Event
from servers.store.faults import CommitUnknown
from servers.store.intake import MAX_TRIES, Failure
from servers.store.leases import Lease

_log = structlog.get_logger("nectary.consumer")

TROUBLE = (*STORE_ERRORS, Unavailable, CommitUnknown)
"""What passes by itself: the consumer waits and goes on."""

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0

DEAD_STREAM_LENGTH = 100_000

_READER = "reader"
"""The group's only consumer: its name says nothing, the lease says who it is."""

Entry = tuple[bytes, Mapping[bytes, bytes]]
"""The entry's id in the stream, and its fields."""


class Takes(Protocol):
    """Gives events their effect; `intake.Intake` by the inbox."""

    async def take(self, lease: Lease, events: Sequence[Event]) -> Sequence[Failure]:
        """Each event has had its effect exactly once, now or before, or is in the list.

        What it raises of `TROUBLE` brings the same events again.
        """
        ...


class Consumer:
    """One consumer group's reader of one stream."""

    def __init__(
        self,
        intake: Takes,
        redis: Redis,
        stream: str,
        dead_stream: str,
        group: str,
        *,
        batch_size: int = 100,
        block_ms: int = 1000,
        removes: bool = False,
        types: Collection[str] | None = None,
    ) -> None:
        """`redis` must not decode answers, and must wait longer than `block_ms` for one.

        A stream with this one group can have its entries removed once they are acknowledged: what is left
        is then what waits. Of `types`, if they are given, all others are passed by unread.
        """
        self._intake = intake
        self._redis = redis
        self._stream = stream
        self._dead_stream = dead_stream
        self._group = group
        self._batch_size = batch_size
        self._block_ms = block_ms
        self._removes = removes
        self._types = None if types is None else {name.encode() for name in types}

    async def run(self, lease: Lease) -> None:
        """Consume for ever: a job for a lease."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self.consume_pending(lease)
                while True:
                    await self.consume_new(lease)
                    pause = FIRST_PAUSE_SECONDS
            except TROUBLE as error:
                _log.warning("consumer_waits", group=self._group, error=repr(error), seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def consume_pending(self, lease: Lease) -> None:
        """Take what was delivered, to whomever, and never acknowledged. Makes the group if it is gone."""
        await self._join()
        cursor: bytes | str = "0-0"
        while True:
            answer = await self._redis.xautoclaim(
                self._stream, self._group, _READER, min_idle_time=0, start_id=cursor, count=self._batch_size
            )
            cursor, entries = answer[0], answer[1]
            await self._consume(lease, entries)
            if cursor in (b"0-0", "0-0"):
                return

    async def consume_new(self, lease: Lease) -> int:
        """Take the next batch, waiting `block_ms` for one; how many entries it had."""
        answer = await self._redis.xreadgroup(
            self._group, _READER, {self._stream: ">"}, count=self._batch_size, block=self._block_ms
        )
        streams = cast("Sequence[tuple[bytes, Sequence[Entry]]]", answer or ())
        for _, entries in streams:
            await self._consume(lease, entries)
        return sum(len(entries) for _, entries in streams)

    async def _join(self) -> None:
        try:
            # From the stream's first entry: a group that was lost with Redis begins again, and the
            # inbox knows what it has had.
            await self._redis.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _consume(self, lease: Lease, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        events = []
        for entry_id, fields in entries:
            if self._types is not None and fields.get(b"type") not in self._types:
                continue
            try:
                events.append(Event.from_fields(fields))
            except ValueError as error:
                _log.error("entry_is_no_event", stream=self._stream, entry_id=entry_id, error=str(error))
                await self._put_aside(fields.items(), str(error))
        for failure in await self._intake.take(lease, events) if events else ():
            await self._put_aside(failure.event.to_fields().items(), failure.error)
        ids = [entry_id for entry_id, _ in entries]
        await self._redis.xack(self._stream, self._group, *ids)
        if self._removes:
            await self._redis.xdel(self._stream, *ids)

    async def _put_aside(self, fields: Iterable[tuple[EncodableT, EncodableT]], error: str) -> None:
        noted = dict(fields) | {"group": self._group, "error": error, "attempts": MAX_TRIES}
        await self._redis.xadd(self._dead_stream, noted, maxlen=DEAD_STREAM_LENGTH, approximate=True)
