"""Carries events from the outbox to a Redis Stream: at least once, in the order of each subject.

Every batch is one Redis transaction, which also writes the batch's moment to a marker key beside the
stream; then its rows are marked with the same moment. Moments only grow. So the marker says exactly how
much this Redis holds: rows marked with a later moment were published to a Redis that has since lost them
(FLUSHALL, a crash, a replica that lagged), and are published again. Rows without a moment may be in the
stream already, if the relay died in between: those are the repeats that consumers' inboxes stop.

It runs under a lease. Two relays at once would do no harm but repeat each other.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from sqlalchemy import Connection

from domain.shared.errors import Raced, Unavailable
from domain.shared.instants import DAY, Instant
from servers.mesh.clock import Clock
from servers.mesh.redis_clients import STORE_ERRORS, AnyRedis
from servers.store.faults import CommitUnknown
from servers.store.leases import Lease
from servers.store.outbox import Entry, Outbox
from servers.store.store import Store

_log = structlog.get_logger("nectary.relay")

TROUBLE = (*STORE_ERRORS, Unavailable, Raced, CommitUnknown)
"""What passes by itself: the relay waits and goes on."""

LONGEST_PAUSE_SECONDS = 5.0


class Relay:
    """Publishes one service's outbox to one stream."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        redis: AnyRedis,
        stream: str,
        clock: Clock,
        *,
        batch_size: int = 500,
        max_length: int = 1_000_000,
        window: int = 7 * DAY,
        poll_seconds: float = 0.25,
    ) -> None:
        """`window` is in microseconds, and at most what the outbox keeps.

        The stream keeps about `max_length` events. Those published within `window` are published again
        if Redis loses them.
        """
        self._store = store
        self._outbox = outbox
        self._redis = redis
        self._stream = stream
        # Braces make a cluster keep it beside the stream, whose whole name is hashed.
        self._marker = f"{{{stream}}}:moment"
        self._clock = clock
        self._batch_size = batch_size
        self._max_length = max_length
        self._window = window
        self._poll_seconds = poll_seconds
        self._moment: Instant | None = None
        self._bell = asyncio.Event()

    def wake(self) -> None:
        """Something was appended: publish it now rather than at the next poll."""
        self._bell.set()

    async def run(self, lease: Lease) -> None:
        """Publish for ever: a job for a lease."""
        pause = self._poll_seconds
        while True:
            self._bell.clear()
            try:
                published = await self.publish_once(lease)
            except TROUBLE as error:
                _log.warning("relay_waits", stream=self._stream, error=repr(error), seconds=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            pause = self._poll_seconds
            if published < self._batch_size:
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._bell.wait()

    async def publish_once(self, lease: Lease) -> int:
        """Publish one batch; how many events it had. Raises LeaseLost, and what `TROUBLE` lists."""
        async with self._redis.pipeline(transaction=True) as pipe:
            # Watched from here on: should Redis lose its data before the batch is in, the batch fails.
            await pipe.watch(self._marker)
            held = int(await pipe.get(self._marker) or 0)
            if held != self._moment:
                await self._requeue_lost(held)
                self._moment = held
            batch = await self._store.read(self._outbox.unpublished, self._batch_size)
            if not batch:
                return 0
            moment = max(self._clock.now(), held + 1)
            pipe.multi()  # type: ignore[no-untyped-call]  # redis-py left it so
            for entry in batch:
                pipe.xadd(self._stream, entry.event.to_fields(), maxlen=self._max_length, approximate=True)
            pipe.set(self._marker, moment)
            await pipe.execute()
        self._moment = moment
        await self._store.transact(self._mark, lease, batch, moment)
        return len(batch)

    def _mark(self, connection: Connection, lease: Lease, batch: Sequence[Entry], moment: Instant) -> None:
        # A relay that woke too late must not mark what its successor has found lost.
        lease.confirm(connection)
        self._outbox.mark_published(connection, [entry.id for entry in batch], moment)

    async def _requeue_lost(self, held: Instant) -> None:
        after = max(held, self._clock.now() - self._window)
        lost = 0
        while count := await self._store.transact(self._outbox.requeue, after, self._batch_size):
            lost += count
        if lost:
            _log.warning("relay_repeats", stream=self._stream, events=lost)
