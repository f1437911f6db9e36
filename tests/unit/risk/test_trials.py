"""What is found out about rules before they are in force, and about limits while they are."""

import pytest

from domain.risk.blast import FLOOR
from domain.risk.dangers import dangers
from domain.risk.evidence import Count, Evidence, Truth
from domain.risk.facts import Facts
from domain.risk.heat import HeatMap
from domain.risk.rules import Effect, Limit, Outcome, Rollout, Rule, RuleSet, Verdict
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.trial import Trial, Victim
from domain.shared.instants import SECOND

NOW = 1_800_000_000_000_000
MEMBER = (SubjectKind.MEMBER,)


def limit(units: int, rule_id: str = "pace", **more: object) -> Rule:
    return Rule(rule_id, "Pace", "ops", Limit(MEMBER, units, 60_000), **more)  # type: ignore[arg-type]  # by name


def verdict(condition: str = "") -> Rule:
    return Rule("deny", "Deny", "ops", Verdict(Outcome.DENY, "closed"), condition=condition)


def rules(*those: Rule) -> RuleSet:
    return RuleSet(1, those)


def a_call(name: str, at: int = NOW, counts: tuple[Count, ...] = ()) -> Evidence:
    facts = Facts("shop.buy", "/shop/buy", "web", "service", 1, (Subject(SubjectKind.MEMBER, name),))
    return Evidence(facts, at, 1, counts=counts)


def always(_rule: Rule, _about: object) -> Truth:
    return Truth.TRUE


OLD = rules(limit(100))


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (rules(), ["pace is in force and would be gone"]),
        (
            rules(limit(100, rollout=Rollout(shadow=True))),
            ["pace is in force and would be in shadow"],
        ),
        (rules(limit(10)), ["pace would admit 10 units instead of 100"]),
        (rules(limit(11)), []),
        (rules(limit(0)), ["pace would refuse every call that costs anything"]),
        (rules(limit(100), limit(1, "other")), ["other would admit one unit at a time in every scene"]),
        (rules(limit(100), limit(1, "other", scenes=("shop.buy",))), []),
        (rules(limit(100), limit(0, "other", rollout=Rollout(shadow=True))), []),
        (rules(limit(100), verdict()), ["deny would answer every call of its scenes with DENY"]),
        (rules(limit(100), verdict("cost > 5")), []),
    ],
)
def test_a_slip_is_told(new: RuleSet, told: list[str]) -> None:
    assert dangers(OLD, new) == told


def test_what_was_in_force_before_is_no_danger() -> None:
    harsh: list[Effect] = [Limit(MEMBER, 0, 60_000), Verdict(Outcome.DENY, "closed")]
    both = rules(*(Rule(f"r{number}", "R", "ops", effect) for number, effect in enumerate(harsh)))
    assert dangers(both, both) == []


def test_a_harsh_rule_that_leaves_the_shadow_is_a_danger() -> None:
    assert dangers(rules(limit(0, rollout=Rollout(shadow=True))), rules(limit(0)))


def test_a_draft_that_would_newly_refuse_many_is_a_danger() -> None:
    for members, is_told in ((FLOOR, False), (FLOOR + 1, True)):
        trial = Trial(rules(limit(50)), always)
        for number in range(members):
            for second in range(51):
                trial.hear(a_call(f"m-{number}", NOW + second * SECOND // 100), Outcome.ALLOW)
        assert trial.newly_refused_subjects == members
        assert bool(dangers(OLD, rules(limit(50)), trial)) == is_told


def test_a_trial_tells_whom_a_draft_would_newly_refuse() -> None:
    trial = Trial(rules(limit(2)), always)
    for number, outcome in enumerate((Outcome.ALLOW, Outcome.ALLOW, Outcome.ALLOW, Outcome.THROTTLE)):
        trial.hear(a_call("ann", NOW + number), outcome)
    trial.hear(a_call("bob"), Outcome.ALLOW)
    ann = Victim(Subject(SubjectKind.MEMBER, "ann"), "shop.buy", "pace", Outcome.THROTTLE)
    assert dict(trial.victims) == {ann: 1}
    assert (trial.calls, trial.refused_before, trial.refused_after) == (5, 1, 2)
    assert (trial.active_subjects, trial.newly_refused_subjects) == (2, 1)


def test_heat_is_the_most_that_was_used_at_once() -> None:
    heat = HeatMap()
    for used, outcome in ((3, Outcome.ALLOW), (4, Outcome.ALLOW), (5, Outcome.THROTTLE), (0, Outcome.ALLOW)):
        heat.hear(rules(limit(5)), a_call("ann", counts=(Count("pace", "ann", 5, 60_000, used, 0),)), outcome)
    heat.hear(rules(limit(5)), a_call("bob", counts=(Count("pace", "bob", 5, 60_000, 1, 0),)), Outcome.ALLOW)
    (first, ann), (second, bob) = heat.hottest(9)
    assert (first.subject.value, ann.used, ann.calls, ann.refused) == ("ann", 5, 4, 1)
    assert (second.subject.value, bob.used, bob.share) == ("bob", 2, 0.4)
    assert len(heat.hottest(1)) == 1


def test_heat_knows_nothing_of_rules_that_are_gone() -> None:
    heat = HeatMap()
    heat.hear(rules(), a_call("ann", counts=(Count("pace", "ann", 5, 60_000, 3, 0),)), Outcome.ALLOW)
    assert heat.hottest(9) == []
