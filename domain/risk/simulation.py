"""What other rules would have made of calls that were recorded.

Counts of a draft's limits are not in the record, so they are made anew: the calls pass in order of time
through windows that began empty. Calls that the log left out as samples are missing in them, and who
would have been refused might not have gone on; so it is an estimate, from below.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from domain.risk.charging import Charge, charges
from domain.risk.decisions import Decision, decide
from domain.risk.evidence import Count, Evidence, Truth, circumstances
from domain.risk.facts import Circumstances
from domain.risk.findings import is_about
from domain.risk.rules import Outcome, Rule, RuleSet
from domain.risk.verbs import Verb, applied
from domain.risk.window import EMPTY, Window

Ask = Callable[[Rule, Circumstances], Truth]
"""(rule, what is known of a call) → what the rule's condition says."""

MOST_WINDOWS = 200_000
"""Kept at once; beyond, the one that was begun first is forgotten."""
_MILLISECOND = 1000


def asked_anew(rules: RuleSet, evidence: Evidence, ask: Ask) -> Evidence:
    """The same call with what the conditions of these rules say of it."""
    about = circumstances(evidence.facts, evidence.seen)
    in_scene = (rule for rule in rules.rules if rule.condition and rule.is_for(evidence.facts.scene))
    conditions = {rule.rule_id: ask(rule, about) for rule in in_scene}
    return replace(evidence, conditions=conditions, revision=rules.revision)


class Simulation:
    """Rules that recorded calls are put before, one after the other in order of time."""

    def __init__(self, rules: RuleSet, ask: Ask) -> None:
        """Every limit must be one that `rules_check` accepts."""
        self._rules = rules
        self._ask = ask
        self._windows: dict[tuple[str, str], Window] = {}

    def decide(self, evidence: Evidence) -> Decision:
        """What they would have decided about the next call."""
        asked = replace(asked_anew(self._rules, evidence, self._ask), counts=())
        first = decide(self._rules, asked)
        if first.outcome is not Outcome.ALLOW or first.reason:
            # The list or a verdict decides: nothing is counted.
            return first
        about = (rule for rule in self._rules.rules if is_about(rule, asked))
        met = charges(about, asked.facts)
        in_force = self._counted([charge for charge in met if charge.enforced], asked)
        in_shadow = [
            count for charge in met if not charge.enforced for count in self._counted([charge], asked)
        ]
        return decide(self._rules, replace(asked, counts=(*in_force, *in_shadow)))

    def _counted(self, met: Sequence[Charge], asked: Evidence) -> list[Count]:
        """Takes the cost from all of these limits if they have room, else from none."""
        names = [(charge.rule.rule_id, charge.key.name) for charge in met]
        windows = [self._windows.get(name, EMPTY) for name in names]
        now_ms = asked.at // _MILLISECOND
        decision, after = applied(
            Verb.DECIDE, [charge.limit for charge in met], windows, asked.facts.cost, now_ms
        )
        self._windows.update(zip(names, after, strict=True))
        while len(self._windows) > MOST_WINDOWS:
            del self._windows[next(iter(self._windows))]
        found = zip(names, decision.limits, decision.used, decision.waits_ms, strict=True)
        return [
            Count(*name, limit.units, limit.window_ms, used, wait_ms) for name, limit, used, wait_ms in found
        ]
