"""One way of a link: reads, lets its toxics change what it read, and delivers each event when it is due."""

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from itertools import islice

from tests.toxics.events import Answer, Data, Eof, Event, Reset
from tests.toxics.toxic import Toxic

CHUNK_BYTES = 65_536
MOST_PENDING = 1_024
"""Events. While as many wait, nothing more is read: the sender feels it."""
LONGEST_SLEEP_SECONDS = 3_600.0
_NEVER = Event(math.inf)


class Way:
    """What `source` sends goes through the toxics, in the order of their coming, and to `deliver`."""

    def __init__(self, source: asyncio.StreamReader, deliver: Callable[[Event], Awaitable[None]]) -> None:
        self._source = source
        self._deliver = deliver
        self._toxics: dict[str, Toxic] = {}
        self._pending = deque[Event]()
        self._ends: dict[str, Event] = {}
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def run(self) -> Event:
        """The event that ended it. Raises OSError if the other side cannot be written to."""
        reading = asyncio.create_task(self._read())
        try:
            while True:
                event = await self._next()
                await self._deliver(event)
                if not isinstance(event, Data | Answer):
                    return event
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    def put(self, name: str, toxic: Toxic) -> None:
        """Behind the others, or in the place of the one that has its name."""
        self._release()
        self._toxics[name] = toxic
        self._set_end(name, toxic.begin(self._loop.time()))

    def remove(self, name: str) -> None:
        """Nothing happens if this link does not have it."""
        if toxic := self._toxics.pop(name, None):
            self._release()
            self._set_end(name, toxic.end(self._loop.time()))

    def tell(self, data: bytes) -> None:
        """The toxics hear what goes the other way."""
        for toxic in self._toxics.values():
            toxic.hear(data)

    async def _read(self) -> None:
        try:
            while chunk := await self._source.read(CHUNK_BYTES):
                self._take(Data(self._loop.time(), chunk))
                while len(self._pending) >= MOST_PENDING:
                    await self._change()
            self._take(Eof(self._loop.time()))
        except OSError:
            self._take(Reset(self._loop.time()))
        except Exception:  # a toxic that does not understand what is said
            self._enter([Reset(self._loop.time())])
            raise

    def _take(self, event: Event) -> None:
        events: Iterable[Event] = [event]
        for toxic in self._toxics.values():
            events = [changed for one in events for changed in toxic.take(one)]
        self._enter(events)

    def _set_end(self, name: str, end: Event | None) -> None:
        """In place of the end that was set before under this name."""
        self._ends.pop(name, None)
        if end:
            self._ends[name] = end
        self._changed.set()

    def _enter(self, events: Iterable[Event]) -> None:
        self._pending.extend(events)
        self._changed.set()

    def _release(self) -> None:
        """As in Toxiproxy, what waits when the toxics change is not lost, and waits no longer."""
        now = self._loop.time()
        self._pending = deque(
            replace(event, due=min(event.due, now)) if isinstance(event, Data | Answer | Eof) else event
            for event in self._pending
        )

    async def _next(self) -> Event:
        """The first event, once it is due."""
        while True:
            # In line before ends that were set: what was let go on a removal arrives before the close.
            candidates = [*islice(self._pending, 1), *self._ends.values()]
            first = min(candidates, key=lambda event: event.due, default=_NEVER)
            if first.due <= self._loop.time():
                break
            await self._change(min(first.due - self._loop.time(), LONGEST_SLEEP_SECONDS))
        if self._pending and first is self._pending[0]:
            self._pending.popleft()
            self._changed.set()
        return first

    async def _change(self, seconds: float = LONGEST_SLEEP_SECONDS) -> None:
        """Returns when the pending events changed, or after so long."""
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
