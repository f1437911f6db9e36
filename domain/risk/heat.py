"""Who is near a limit, or over it, by the calls that were recorded lately."""

from dataclasses import dataclass
from typing import NamedTuple

from domain.risk.charging import keys
from domain.risk.evidence import Count, Evidence
from domain.risk.rules import Limit, Outcome, RuleSet
from domain.risk.subjects import Subject


class Place(NamedTuple):
    """One key of one limit."""

    rule_id: str
    subject: Subject
    """Of several that are counted together the first."""
    key: str


@dataclass
class Heat:
    """How one key stands."""

    scene: str = ""
    """Where it called last."""
    units: int = 0
    used: int = 0
    """The most that were used at once, the call itself included if it was admitted."""
    calls: int = 0
    refused: int = 0

    @property
    def share(self) -> float:
        """Of the limit; endless for a limit of nothing."""
        return self.used / self.units if self.units else float("inf")


class HeatMap:
    """Hears calls in order of time."""

    def __init__(self) -> None:
        self._heats: dict[Place, Heat] = {}

    def hear(self, rules: RuleSet, evidence: Evidence, outcome: Outcome) -> None:
        """One call, the rules that it met, and what became of it."""
        limits = {rule.rule_id: rule.effect for rule in rules.rules if isinstance(rule.effect, Limit)}
        for count in evidence.counts:
            if count.rule_id in limits:
                self._count(limits[count.rule_id], count, evidence, outcome)

    def hottest(self, most: int) -> list[tuple[Place, Heat]]:
        """Those that used the largest part first."""
        return sorted(self._heats.items(), key=lambda pair: (-pair[1].share, pair[0]))[:most]

    def _count(self, limit: Limit, count: Count, evidence: Evidence, outcome: Outcome) -> None:
        named = {key.name: key.subjects for key in keys(limit.key, evidence.facts)}
        if count.key not in named:
            return
        place = Place(count.rule_id, named[count.key][0], count.key)
        heat = self._heats.setdefault(place, Heat())
        admitted = outcome is Outcome.ALLOW
        heat.scene, heat.units = evidence.facts.scene, count.units
        heat.used = max(heat.used, count.used + (evidence.facts.cost if admitted else 0))
        heat.calls += 1
        heat.refused += not admitted
