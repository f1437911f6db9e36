"""A plan charges a call as the domain does, and is made once for each kind of call."""

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from domain.risk.charging import charges
from domain.risk.evidence import Truth, circumstances
from domain.risk.facts import Circumstances, Facts
from domain.risk.rules import Limit, OnError, Outcome, Rollout, Rule, RuleSet, Spread, Verdict
from domain.risk.subjects import Subject, SubjectKind
from servers.mesh.judging.plans import InForce

KINDS = list(SubjectKind)
NAMED = (SubjectKind.MEMBER, SubjectKind.DEVICE, SubjectKind.ADDRESS, SubjectKind.PAYMENT)

limits = st.builds(
    Limit,
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True).map(tuple),
    st.just(9),
    st.just(60_000),
)
rules = st.lists(limits, max_size=6).map(
    lambda effects: tuple(Rule(f"r{n}", "r", "me", effect) for n, effect in enumerate(effects))
)
names = st.dictionaries(
    st.sampled_from(NAMED),
    st.lists(st.sampled_from("abcde"), min_size=1, max_size=4, unique=True),
    max_size=4,
)


def always(rule: Rule, about: Circumstances) -> Truth:
    return Truth.TRUE


@given(rules, names, st.sampled_from(["", "honey"]))
def test_a_plain_plan_charges_what_the_domain_charges(
    rules: tuple[Rule, ...], names: dict[SubjectKind, list[str]], caller: str
) -> None:
    subjects = tuple(Subject(kind, value) for kind, values in names.items() for value in values)
    facts = Facts("testing.look", "/a/b", caller, "service", 1, subjects)
    plan = InForce(RuleSet(1, rules), always).plan(circumstances(facts))
    assert plan.is_plain
    wanted = [(charge.limit, charge.key.name) for charge in charges(rules, facts)]
    assert [tuple(charge) for charge in plan.charges(names)] == wanted


ABOUT = circumstances(Facts("testing.look", "/a/b", "honey", "service", 1))
CALLS = Limit((SubjectKind.CALLER,), 9, 60_000)


def a_rule(rule_id: str, **changes: object) -> Rule:
    return Rule(**{"rule_id": rule_id, "title": "t", "owner": "me", "effect": CALLS, **changes})  # type: ignore[arg-type]  # of any field


def test_a_plan_is_made_once() -> None:
    asked = count()

    def counted(rule: Rule, about: Circumstances) -> Truth:
        next(asked)
        return Truth.TRUE

    in_force = InForce(RuleSet(1, (a_rule("a", condition="true"),)), counted)
    assert in_force.plan(tuple(ABOUT)) is in_force.plan(ABOUT)
    assert next(asked) == 1


def test_only_rules_that_are_about_the_call_are_in_its_plan() -> None:
    says = {"yes": Truth.TRUE, "no": Truth.FALSE, "off": Truth.ERROR, "apply": Truth.ERROR}
    rules = (
        *(a_rule(name, condition="c") for name in ("yes", "no", "off")),
        a_rule("apply", condition="c", on_error=OnError.APPLY),
        a_rule("here", scenes=("testing.*",)),
        a_rule("elsewhere", scenes=("identity.*",)),
        a_rule("later", effect=Spread(SubjectKind.DEVICE, 3, 60_000)),
    )
    plan = InForce(RuleSet(1, rules), lambda rule, about: says[rule.rule_id]).plan(ABOUT)
    assert [rule.rule_id for rule in plan.rules] == ["apply", "here", "yes"]
    assert plan.conditions == says


def test_what_is_in_shadow_or_for_a_part_or_a_verdict_is_not_plain() -> None:
    for rule in (
        a_rule("a", rollout=Rollout(shadow=True)),
        a_rule("a", rollout=Rollout(percentage=99)),
        a_rule("a", rollout=Rollout(shadow_scenes=("testing.look",))),
        a_rule("a", effect=Verdict(Outcome.DENY, "no")),
    ):
        assert not InForce(RuleSet(1, (rule,)), always).plan(ABOUT).is_plain
    elsewhere = a_rule("a", rollout=Rollout(shadow_scenes=("identity.*",)))
    assert InForce(RuleSet(1, (elsewhere,)), always).plan(ABOUT).is_plain
