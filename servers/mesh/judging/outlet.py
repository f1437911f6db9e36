"""One way out of the event log: what waits for a sink, and the task that writes it there."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import structlog

from servers.mesh.judging.backlog import KEPT, ORDINARY, Backlog

_log = structlog.get_logger("nectary.eventlog")

BATCH = 500
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0


class Line(NamedTuple):
    """A record on its way to a sink."""

    text: bytes
    """JSON, without an end of line."""
    must_be_kept: bool


class Sink(Protocol):
    """Where records go."""

    @property
    def name(self) -> str:
        """For logs and metrics."""
        ...

    async def write(self, lines: Sequence[Line]) -> int:
        """Write them; how many that need not be kept were left out.

        If it raises, all lines are written again: a sink may get a record twice.
        """
        ...


class Outlet:
    """Writes to one sink, in batches, for as long as it takes. A sink that is stuck costs memory, no time."""

    def __init__(self, sink: Sink, *, kept: int = KEPT, ordinary: int = ORDINARY) -> None:
        self.name = sink.name
        self._sink = sink
        self._backlog = Backlog[Line](kept, ordinary)
        self._bell = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._in_hand = 0
        self.written = 0
        self.failures = 0
        """Batches that could not be written at the first try, or the next."""

    @property
    def waiting(self) -> int:
        """Lines that are not written yet."""
        return len(self._backlog) + self._in_hand

    @property
    def dropped(self) -> int:
        return self._backlog.dropped

    @property
    def lost(self) -> int:
        return self._backlog.lost

    def offer(self, line: Line) -> None:
        """Have it written, if there is room."""
        self._backlog.put(line, line.must_be_kept)
        self._idle.clear()
        self._bell.set()

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            while batch := self._backlog.take(BATCH):
                self._in_hand = len(batch)
                await self._write(batch)
                self._in_hand = 0
            self._idle.set()

    async def written_all(self) -> None:
        """Returns when nothing waits."""
        await self._idle.wait()

    def give_up(self) -> tuple[int, int]:
        """Count what waits as left out, at the end of the process; how many were dropped, and lost."""
        dropped = self._backlog.give_up()
        lost = self.waiting
        self._backlog.lost += lost
        return dropped, lost

    async def _write(self, batch: Sequence[Line]) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                left_out = await self._sink.write(batch)
            except Exception as error:
                self.failures += 1
                if pause == FIRST_PAUSE_SECONDS:
                    _log.warning("event_log_waits", sink=self.name, error=repr(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            self._backlog.dropped += left_out
            self.written += len(batch) - left_out
            return
