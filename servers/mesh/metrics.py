"""What the process counts, and the page on which Prometheus reads it."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import start_http_server

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter(
            "nectary_calls", "Calls that ended.", ("method", "code", "reason"), registry=self.registry
        )
        self.seconds = Histogram(
            "nectary_call_seconds",
            "Time from a call's arrival to its end.",
            ("method",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "nectary_calls_in_progress", "Calls that began and did not end yet.", registry=self.registry
        )

    def serve(self, host: str, port: int) -> "MetricsPage":
        """Answers HTTP GET with everything in Prometheus' text format, on a thread of its own.

        Port 0 takes any free one. Raises OSError if the port is taken.
        """
        return MetricsPage(self.registry, host, port)


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
