"""What the judge of a process has decided and how old its copies are, for the page that Prometheus reads."""

from collections import Counter
from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Tally(Collector):
    """Counted in plain numbers by one event loop."""

    def __init__(
        self,
        behind_seconds: Callable[[], float],
        bad_documents: Callable[[], int],
    ) -> None:
        self.decisions: Counter[tuple[str, str, str]] = Counter()
        """By scene, outcome and reason."""
        self.would: Counter[tuple[str, str, str]] = Counter()
        """What rules in shadow would have done, by scene, outcome and rule."""
        self.failed_conditions: Counter[str] = Counter()
        """By rule: kinds of calls of which its condition cannot be said, each once while the rules stay."""
        self._behind_seconds = behind_seconds
        self._bad_documents = bad_documents

    def count(
        self, scene: str, outcome: str, reason: str, would: Iterable[tuple[str, int, str]] = ()
    ) -> None:
        """One call."""
        self.decisions[scene, outcome, reason] += 1
        for rule_id, _, instead in would:
            self.would[scene, instead, rule_id] += 1

    def collect(self) -> Iterable[Metric]:
        """Everything counted so far."""
        decisions = CounterMetricFamily(
            "nectary_risk_decisions", "Calls that were judged.", labels=("scene", "outcome", "reason")
        )
        would = CounterMetricFamily(
            "nectary_risk_would", "What rules in shadow would have done.", labels=("scene", "outcome", "rule")
        )
        for labels, count in list(self.decisions.items()):
            decisions.add_metric(labels, count)
        for labels, count in list(self.would.items()):
            would.add_metric(labels, count)
        failed = CounterMetricFamily(
            "nectary_risk_failed_conditions",
            "Kinds of calls of which a rule's condition cannot be evaluated.",
            labels=("rule",),
        )
        for rule_id, count in list(self.failed_conditions.items()):
            failed.add_metric((rule_id,), count)
        behind = GaugeMetricFamily(
            "nectary_risk_copies_behind_seconds", "For how long rules and list may have missed something."
        )
        behind.add_metric((), self._behind_seconds())
        bad = CounterMetricFamily("nectary_risk_bad_documents", "Published rules and entries that are bad.")
        bad.add_metric((), self._bad_documents())
        return (decisions, would, failed, behind, bad)
