"""What the process counts, and the page on which Prometheus reads it.

Calls are counted in plain numbers, which one event loop adds to without locks, and put into
Prometheus' form when somebody reads the page: counting costs one microsecond a call instead of ten.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import start_http_server
from prometheus_client.registry import Collector

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class MethodTally:
    """Calls of one method."""

    __slots__ = ("buckets", "endings", "in_progress", "seconds")

    def __init__(self) -> None:
        self.in_progress = 0
        self.endings: Counter[tuple[str, str]] = Counter()
        """By code and reason."""
        self.seconds = 0.0
        self.buckets = [0] * (len(BUCKETS_SECONDS) + 1)

    def end(self, code: str, reason: str, seconds: float) -> None:
        """Counts a call that ended."""
        self.endings[code, reason] += 1
        self.seconds += seconds
        self.buckets[bisect_left(BUCKETS_SECONDS, seconds)] += 1


class Metrics(Collector):
    """The tallies of one process; further collectors can be registered beside it."""

    def __init__(self) -> None:
        self.tallies: dict[str, MethodTally] = {}
        """By path; `unknown` for all that exist nowhere, `elsewhere` for all that are not served here."""
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def tally(self, method: str) -> MethodTally:
        """The tally of a method, by its path."""
        return self.tallies.setdefault(method, MethodTally())

    def serve(self, host: str, port: int) -> "MetricsPage":
        """Answers HTTP GET with everything in Prometheus' text format, on a thread of its own.

        Port 0 takes any free one. Raises OSError if the port is taken.
        """
        return MetricsPage(self.registry, host, port)

    def collect(self) -> Iterable[Metric]:
        """Everything counted so far; Prometheus' library calls it."""
        calls = CounterMetricFamily("nectary_calls", "Calls that ended.", labels=("method", "code", "reason"))
        in_progress = GaugeMetricFamily(
            "nectary_calls_in_progress", "Calls that began and did not end yet.", labels=("method",)
        )
        seconds = HistogramMetricFamily(
            "nectary_call_seconds", "Time from a call's arrival to its end.", labels=("method",)
        )
        for method, tally in list(self.tallies.items()):
            in_progress.add_metric((method,), tally.in_progress)
            seconds.add_metric((method,), _cumulative(tally.buckets), tally.seconds)
            for (code, reason), count in list(tally.endings.items()):
                calls.add_metric((method, code, reason), count)
        return (calls, in_progress, seconds)


class MetricsPage:
    """The page, until it is closed."""

    def __init__(self, registry: CollectorRegistry, host: str, port: int) -> None:
        self._server, self._thread = start_http_server(port, host, registry)

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _cumulative(buckets: list[int]) -> list[tuple[str, float]]:
    total = 0
    rows: list[tuple[str, float]] = []
    for bound, count in zip((*BUCKETS_SECONDS, "+Inf"), buckets, strict=True):
        total += count
        rows.append((str(bound), total))
    return rows
