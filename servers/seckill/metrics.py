"""How flash sales go in this process, for the page that Prometheus reads."""

from collections.abc import Iterable, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from servers.seckill.gate.gate import Gate
from servers.seckill.sale.tally import SIZES, Tally


class SaleMetrics(Collector):
    """Of all activities together: a label for each would grow with every sale."""

    def __init__(self, tally: Tally, gate: Gate) -> None:
        self._tally = tally
        self._gate = gate

    def collect(self) -> Iterable[Metric]:
        """As it stands now."""
        yield from self._of_reservations()
        yield from self._of_commits()
        yield from self._of_the_gate()

    def _of_reservations(self) -> Iterable[Metric]:
        reservations = CounterMetricFamily(
            "nectary_seckill_reservations",
            "Reservations by answer, and by who decided: memory, gate or database.",
            labels=("answer", "decider"),
        )
        for labels, count in list(self._tally.reservations.items()):
            reservations.add_metric(labels, count)
        yield reservations
        yield _count("ungated", "Reservations that no gate had a word in.", self._tally.ungated)

    def _of_commits(self) -> Iterable[Metric]:
        tally = self._tally
        groups = HistogramMetricFamily("nectary_seckill_group_commands", "Commands of one transaction.")
        bounds = [*(str(size) for size in SIZES), "+Inf"]
        groups.add_metric(
            (),
            list(zip(bounds, accumulate([*tally.group_sizes, 0]), strict=True)),
            tally.group_commands,
        )
        yield groups
        yield _count("lost_races", "Transactions that another was faster than.", tally.lost_races)
        yield _count("unknown_commits", "Commits whose answer was lost.", tally.unknown_commits)
        yield _counts("events", "What happened to orders and stock.", "type", tally.events)

    def _of_the_gate(self) -> Iterable[Metric]:
        away = GaugeMetricFamily(
            "nectary_seckill_gate_away_seconds", "For how long the gate has not been asked; 0 while it is."
        )
        away.add_metric((), self._gate.away_seconds)
        yield away
        comparer = self._gate.comparer
        yield _counts("comparisons", "Gates held against their orders.", "found", comparer.comparisons)
        yield _counts("differences", "What differed between gates and orders.", "kind", comparer.differences)
        yield _count("swept_claims", "Claims of dead attempts that were ended.", comparer.swept_claims)


def _count(name: str, meaning: str, count: int) -> Metric:
    metric = CounterMetricFamily(f"nectary_seckill_{name}", meaning)
    metric.add_metric((), count)
    return metric


def _counts(name: str, meaning: str, label: str, counts: Mapping[str, int]) -> Metric:
    metric = CounterMetricFamily(f"nectary_seckill_{name}", meaning, labels=(label,))
    for value, count in list(counts.items()):
        metric.add_metric((value,), count)
    return metric
