"""One way of a link: reads, lets its toxics change what it read, and delivers each event when it is due."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from tests.toxics.events import Answer, Close, Data, Eof, Event, Reset
from tests.toxics.toxic import Toxic

CHUNK_BYTES = 65_536
MOST_PENDING = 1_024
"""Events. While as many wait, nothing more is read: the sender feels it."""
LONGEST_SLEEP_SECONDS = 3_600.0


class Way:
    """What `source` sends goes through the toxics, in the order of their coming, and to `deliver`."""

    def __init__(self, source: asyncio.StreamReader, deliver: Callable[[Event], Awaitable[None]]) -> None:
        self._source = source
        self._deliver = deliver
        self._toxics: dict[str, Toxic] = {}
        self._pending = deque[Event]()
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

    def add(self, name: str, toxic: Toxic) -> None:
        self._release()
        self._toxics[name] = toxic
        self._enter(toxic.begin(self._loop.time()))

    def update(self, name: str, toxic: Toxic) -> None:
        """What the old one had set an end for has none now."""
        self._release()
        self._pending = deque(event for event in self._pending if not isinstance(event, Close | Reset))
        self._toxics[name] = toxic
        self._enter(toxic.begin(self._loop.time()))

    def remove(self, name: str) -> None:
        """Nothing happens if this link did not have it."""
        if toxic := self._toxics.pop(name, None):
            self._release()
            self._enter(toxic.end(self._loop.time()))

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
        while not self._pending or self._pending[0].due > self._loop.time():
            seconds = self._pending[0].due - self._loop.time() if self._pending else LONGEST_SLEEP_SECONDS
            await self._change(min(seconds, LONGEST_SLEEP_SECONDS))
        self._changed.set()
        return self._pending.popleft()

    async def _change(self, seconds: float = LONGEST_SLEEP_SECONDS) -> None:
        """Returns when the pending events changed, or after so long."""
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
