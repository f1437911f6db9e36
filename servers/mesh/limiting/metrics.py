"""What the limiter of a process does by itself, for the page that Prometheus reads."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from servers.mesh.limiting.limiter import WindowLimiter


class LimiterMetrics(Collector):
    """Of one limiter."""

    def __init__(self, limiter: WindowLimiter) -> None:
        self._limiter = limiter

    def collect(self) -> Iterable[Metric]:
        """As it stands now."""
        alone = GaugeMetricFamily(
            "nectary_risk_shards_alone", "Parts of what is counted that this process counts without Redis."
        )
        alone.add_metric((), sum(shard.breaker.is_open for shard in self._limiter.shards))
        advances = CounterMetricFamily(
            "nectary_risk_advance_units",
            "Units of hot limits that were taken from Redis in advance, and those of them given to calls.",
            labels=("fate",),
        )
        advances.add_metric(("taken",), sum(one.taken_units for one in self._limiter.advances))
        advances.add_metric(("given",), sum(one.given_units for one in self._limiter.advances))
        return (alone, advances)
