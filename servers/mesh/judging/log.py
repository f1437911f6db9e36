"""The event log: what was decided about every call, written beside the calls and never in their way.

A call hands its record over and goes on. Ten times a second, or sooner if many came, records are made into
lines of JSON, a few at a time so that the event loop breathes, and each sink takes its own copies. What was
refused is never dropped. Of what was let through there is a sample: so many a second, and whatever does not
fit is left out and counted.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from servers.mesh.endings import end
from servers.mesh.judging.backlog import Backlog
from servers.mesh.judging.outlet import BATCH, Line, Outlet
from servers.mesh.judging.record import ALLOW, DecisionRecord, plain_json, to_line

_log = structlog.get_logger("nectary.eventlog")

EVERY_SECONDS = 0.1
AT_ONCE = 25
"""Lines made before others have their turn: about a fifth of a millisecond."""
FLUSH_SECONDS = 2.0
TELLS_SECONDS = 10.0
"""Between two lines of the process's log about this one."""
SAMPLES_PER_SECOND = 200

Encode = Callable[[object], bytes]
"""Makes the evidence of a record JSON."""


class EventLog(Collector):
    """Takes records from calls, all on one event loop. Use it as `start()`, then `await close()`."""

    def __init__(
        self,
        outlets: Sequence[Outlet],
        encode: Encode = plain_json,
        *,
        samples_per_second: float = SAMPLES_PER_SECOND,
    ) -> None:
        self._outlets = outlets
        self._encode = encode
        self._samples_per_second = samples_per_second
        self._room = samples_per_second
        """Samples that may still come before more time has passed."""
        self._fresh = Backlog[DecisionRecord]()
        self._many = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._told = (0, 0, 0.0)
        self.left_out = 0
        """Calls that were let through, and not in the sample."""

    def put(self, record: DecisionRecord) -> None:
        """Have it written. Takes about a microsecond, whatever the sinks do."""
        if record.outcome != ALLOW:
            self._fresh.put(record, must_be_kept=True)
        elif self._room >= 1:
            self._room -= 1
            # Once some were left out, each stands for more than itself.
            self._fresh.put(record._replace(sampled=True) if self.left_out else record, must_be_kept=False)
        else:
            self.left_out += 1
            return
        if len(self._fresh) >= BATCH:
            self._many.set()

    def start(self) -> None:
        """Begin to write, on the running event loop."""
        runs = [self._run(), *(outlet.run() for outlet in self._outlets)]
        self._tasks += [asyncio.create_task(run, name="event log") for run in runs]

    async def close(self, seconds: float = FLUSH_SECONDS) -> None:
        """Write what waits, for at most so long; what is left then is counted and said."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.flush()
        await end(*self._tasks)
        self._tasks.clear()
        for outlet in self._outlets:
            dropped, lost = outlet.give_up()
            if dropped or lost:
                _log.error("event_log_ends_unwritten", sink=outlet.name, dropped=dropped, lost=lost)

    async def flush(self) -> None:
        """Returns when everything put before is written."""
        while len(self._fresh):
            await self._make_lines()
        for outlet in self._outlets:
            await outlet.written_all()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        refilled = loop.time()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._many.wait()
            self._many.clear()
            now = loop.time()
            more = (now - refilled) * self._samples_per_second
            self._room, refilled = min(self._room + more, max(self._samples_per_second, 1)), now
            while len(self._fresh):
                await self._make_lines()
            self._tell(now)

    async def _make_lines(self) -> None:
        for record in self._fresh.take(AT_ONCE):
            line = Line(to_line(record, self._evidence(record)), record.must_be_kept)
            for outlet in self._outlets:
                outlet.offer(line)
        await asyncio.sleep(0)

    def _evidence(self, record: DecisionRecord) -> bytes:
        try:
            return self._encode(record.evidence)
        except Exception:
            # The record is worth more than its evidence.
            _log.exception("evidence_is_not_json", decision_id=record.decision_id)
            return b"null"

    def _tell(self, now: float) -> None:
        """Say in the process's own log that this one has holes."""
        if now < self._told[2] + TELLS_SECONDS:
            return
        dropped = self._fresh.dropped + sum(outlet.dropped for outlet in self._outlets)
        lost = self._fresh.lost + sum(outlet.lost for outlet in self._outlets)
        if lost > self._told[1]:
            _log.error("event_log_loses_refusals", lost=lost)
        if dropped > self._told[0]:
            _log.warning("event_log_drops_samples", dropped=dropped)
        self._told = (dropped, lost, now)

    def collect(self) -> Iterable[Metric]:
        """For the page that Prometheus reads."""
        records = CounterMetricFamily(
            "nectary_event_log_records",
            "Records of decisions: written, left_out of the sample, dropped from it, or lost (refusals).",
            labels=("sink", "fate"),
        )
        waiting = GaugeMetricFamily(
            "nectary_event_log_waiting", "Records that are not written yet.", labels=("sink",)
        )
        for outlet in self._outlets:
            records.add_metric((outlet.name, "written"), outlet.written)
            records.add_metric((outlet.name, "dropped"), outlet.dropped)
            records.add_metric((outlet.name, "lost"), outlet.lost)
            waiting.add_metric((outlet.name,), outlet.waiting)
        records.add_metric(("", "left_out"), self.left_out)
        records.add_metric(("", "dropped"), self._fresh.dropped)
        records.add_metric(("", "lost"), self._fresh.lost)
        return (records, waiting)
