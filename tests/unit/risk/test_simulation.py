"""Recorded calls before other rules, against a log that is searched anew for every call."""

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from domain.risk.decisions import decide
from domain.risk.evidence import Evidence, Seen, Truth
from domain.risk.facts import Circumstances
from domain.risk.rules import Limit, Outcome, Rollout, Rule, RuleSet, Verdict
from domain.risk.simulation import Simulation, asked_anew
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from tests.fakes import EPOCH
from tests.unit.risk.cases import ANN, a_call, a_rule

MEMBER = (SubjectKind.MEMBER,)
SECOND_MS, MICROSECONDS = 1_000, 1_000


def by_cost(rule: Rule, about: Circumstances) -> Truth:
    """Stands in for CEL: `cost > 1` is the only condition here."""
    assert rule.condition == "cost > 1"
    return Truth.TRUE if about.cost > 1 else Truth.FALSE


@dataclass(frozen=True)
class Step:
    """A recorded call, so many milliseconds after the one before."""

    member: str
    cost: int
    pause_ms: int


STEPS = st.lists(
    st.builds(
        Step, st.sampled_from(["ann", "bob"]), st.integers(0, 3), st.sampled_from([0, 1, 400, 999, 1_000])
    ),
    max_size=30,
)


def recorded(steps: list[Step]) -> list[Evidence]:
    calls, at = [], EPOCH
    for step in steps:
        at += step.pause_ms * MICROSECONDS
        member = Subject(SubjectKind.MEMBER, step.member)
        calls.append(Evidence(a_call(member, cost=step.cost), at, 1))
    return calls


@given(STEPS)
def test_a_drafts_limits_refuse_whom_an_exact_log_refuses(steps: list[Step]) -> None:
    wide, narrow = Limit(MEMBER, 5, SECOND_MS), Limit(MEMBER, 2, 500)
    draft = RuleSet(9, (a_rule(wide), a_rule(narrow, "b", condition="cost > 1")))
    simulation = Simulation(draft, by_cost)
    log: list[tuple[str, str, int, int]] = []
    for call in recorded(steps):
        limits = [("a", wide)] + ([("b", narrow)] if call.facts.cost > 1 else [])
        now_ms, who, cost = call.at // MICROSECONDS, call.facts.subjects[0].value, call.facts.cost
        used = {
            name: sum(c for n, m, c, at in log if (n, m) == (name, who) and at > now_ms - limit.window_ms)
            for name, limit in limits
        }
        has_room = all(used[name] + cost <= limit.units for name, limit in limits)
        if has_room:
            log += [(name, who, cost, now_ms) for name, _ in limits]
        assert (simulation.decide(call).outcome is Outcome.ALLOW) == has_room


@given(STEPS)
def test_a_draft_in_shadow_refuses_nobody_and_tells_whom_it_would(steps: list[Step]) -> None:
    rule = a_rule(Limit(MEMBER, 2, SECOND_MS))
    in_force = Simulation(RuleSet(9, (rule,)), by_cost)
    in_shadow = Simulation(RuleSet(9, (replace(rule, rollout=Rollout(shadow=True)),)), by_cost)
    for call in recorded(steps):
        enforced, watched = in_force.decide(call), in_shadow.decide(call)
        assert watched.outcome is Outcome.ALLOW
        assert (enforced.outcome is Outcome.THROTTLE) == bool(watched.would)


def test_who_is_denied_uses_nothing() -> None:
    rules = RuleSet(9, (a_rule(Limit(MEMBER, 1, SECOND_MS)),))
    simulation = Simulation(rules, by_cost)
    (call,) = recorded([Step("ann", 1, 0)])
    denied = replace(call, seen=(Seen(ANN, State.CONFIRMED),))
    assert simulation.decide(denied).outcome is Outcome.DENY
    assert simulation.decide(call).outcome is Outcome.ALLOW


def test_who_is_refused_by_a_verdict_uses_nothing() -> None:
    verdict = a_rule(Verdict(Outcome.DENY, "DEAR"), "b", condition="cost > 1")
    simulation = Simulation(RuleSet(9, (a_rule(Limit(MEMBER, 2, SECOND_MS)), verdict)), by_cost)
    dear, cheap = recorded([Step("ann", 2, 0), Step("ann", 1, 0)])
    assert [simulation.decide(call).reason for call in (dear, cheap, cheap, cheap)] == [
        "DEAR",
        "",
        "",
        "THROTTLED",
    ]


def test_conditions_of_other_rules_are_asked_anew() -> None:
    draft = RuleSet(9, (a_rule(Verdict(Outcome.DENY, "DEAR"), condition="cost > 1"),))
    (call,) = recorded([Step("ann", 2, 0)])
    assert decide(draft, call).outcome is Outcome.ALLOW, "the record knows nothing of this condition"
    assert decide(draft, asked_anew(draft, call, by_cost)).outcome is Outcome.DENY
