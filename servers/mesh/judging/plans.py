"""Rules made ready: what each kind of call meets is worked out once, and looked up from then on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from domain.risk import rules as rule_texts
from domain.risk.charging import MOST_CHARGES, counted_limit, key_name
from domain.risk.evidence import Truth
from domain.risk.facts import Circumstances
from domain.risk.limit import Limit
from domain.risk.rules import OnError, Rule, RuleSet, Spread, Verdict
from domain.risk.subjects import SubjectKind
from servers.mesh.limiting.judgement import Charge

MOST_PLANS = 4096
"""Kept at once. Circumstances have few values: a caller is a service, a gateway or an operator."""

Names = Mapping[SubjectKind, Sequence[str]]
Judges = Callable[[Rule, Circumstances], Truth]
"""Evaluates the condition of a rule."""


class Counting(NamedTuple):
    """A limit, and by which subjects of a call it counts."""

    limit: Limit
    """Its name is that of its rule."""
    kinds: tuple[SubjectKind, ...]
    known: Names
    """Caller, method and scene: the same for all calls of a plan."""

    def charges(self, names: Names) -> list[Charge]:
        """One for each combination of the call's subjects; none if it lacks a kind."""
        named = (self.known.get(kind) or names.get(kind, ()) for kind in self.kinds)
        return [Charge(self.limit, key_name(values)) for values in product(*named)]


class Lone(NamedTuple):
    """The same for a limit that counts by one kind of subject."""

    limit: Limit
    kind: SubjectKind
    known: Sequence[str]
    """Its subjects, if they are the same for all calls of a plan; else empty."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules that are about one kind of call, by id."""

    rules: tuple[Rule, ...]
    counting: tuple[Counting, ...]
    lone: tuple[Lone, ...] | None
    """The same, if none of them joins subjects."""
    conditions: Mapping[str, Truth]
    """By rule, of those in the scene that have one."""
    is_plain: bool
    """Whether all of it counts, for everybody, in force: then only the counts decide."""

    def charges(self, names: Names) -> list[Charge]:
        """All that a call is charged to, as `charging` gives out the places. For a plain plan."""
        if self.lone is not None:
            # The usual case, once a call: no rule joins subjects, and there is room for all.
            found = [
                Charge(limit, name)
                for limit, kind, known in self.lone
                for name in known or names.get(kind, ())
            ]
            if len(found) <= MOST_CHARGES:
                return found
        found = []
        for counting in self.counting:
            group = counting.charges(names)
            if len(found) + len(group) <= MOST_CHARGES:
                found += group
        return found


class InForce:
    """A rule set, ready to judge by."""

    def __init__(self, rules: RuleSet, judges: Judges) -> None:
        """Raises ValueError if a limit cannot be counted."""
        self.rules = rules
        self._by_id = sorted(rules.rules, key=lambda rule: rule.rule_id)
        for rule in self._by_id:
            if isinstance(rule.effect, rule_texts.Limit):
                counted_limit(rule)
        self._judges = judges
        self._plans: dict[tuple[object, ...], Plan] = {}

    def plan(self, circumstances: tuple[object, ...]) -> Plan:
        """What calls under these circumstances meet; they come in the order of `Circumstances`."""
        plan = self._plans.get(circumstances)
        if plan is None:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            plan = self._plans[circumstances] = self._planned(Circumstances._make(circumstances))
        return plan

    def _planned(self, circumstances: Circumstances) -> Plan:
        in_scene = [
            rule
            for rule in self._by_id
            if rule.is_for(circumstances.scene) and not isinstance(rule.effect, Spread)
        ]
        conditions = {rule.rule_id: self._judges(rule, circumstances) for rule in in_scene if rule.condition}
        rules = tuple(rule for rule in in_scene if _is_about(rule, conditions))
        known = _known(circumstances)
        counting = tuple(
            Counting(counted_limit(rule), rule.effect.key, known)
            for rule in rules
            if isinstance(rule.effect, rule_texts.Limit)
        )
        return Plan(
            rules=rules,
            counting=counting,
            lone=_lone(counting),
            conditions=conditions,
            is_plain=all(_is_plain(rule, circumstances.scene) for rule in rules),
        )


def _lone(counting: Sequence[Counting]) -> tuple[Lone, ...] | None:
    if any(len(one.kinds) > 1 for one in counting):
        return None
    return tuple(Lone(one.limit, one.kinds[0], one.known.get(one.kinds[0], ())) for one in counting)


def _known(circumstances: Circumstances) -> Names:
    named = {
        SubjectKind.CALLER: circumstances.caller,
        SubjectKind.METHOD: circumstances.method,
        SubjectKind.SCENE: circumstances.scene,
    }
    return {kind: (name,) for kind, name in named.items() if name}


def _is_about(rule: Rule, conditions: Mapping[str, Truth]) -> bool:
    truth = conditions.get(rule.rule_id, Truth.TRUE)
    return truth is Truth.TRUE or (truth is Truth.ERROR and rule.on_error is OnError.APPLY)


def _is_plain(rule: Rule, scene: str) -> bool:
    if isinstance(rule.effect, Verdict) or rule.rollout.percentage < 100:
        return False
    return rule.is_enforced(scene, "")
