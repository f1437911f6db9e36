"""Decisions: against a naive second judge, and in what must never change them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.risk.canonical import decoded, encoded
from domain.risk.decisions import Decision, decide, deciding, found
from domain.risk.evidence import Count, Evidence, Seen, Truth
from domain.risk.findings import Match
from domain.risk.rules import Limit, OnError, Outcome, Rollout, RuleSet, Verdict
from domain.risk.stamps import NEVER
from domain.risk.standing import APPEALS, standing
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from tests.fakes import EPOCH
from tests.unit.risk import naive
from tests.unit.risk.cases import ANN, HOME, PHONE, SCENE, a_call, a_rule, calls, cases, seen_of

BOB = Subject(SubjectKind.MEMBER, "bob")
DENIED = Verdict(Outcome.DENY, "NO_ROBOTS")
GLASS = Subject(SubjectKind.SCENE, SCENE)


def full(rule_id: str = "a", key: str = "ann", wait_ms: int = 400, units: int = 10) -> Count:
    return Count(rule_id, key, units, 60_000, units, wait_ms)


def a_case(*counts: Count, seen: tuple[Seen, ...] = (), **changed: object) -> Evidence:
    return Evidence(a_call(**changed), EPOCH, 1, seen, {}, counts)


@given(cases())
def test_agrees_with_the_naive_judge(case: tuple[RuleSet, Evidence]) -> None:
    decision = decide(*case)
    assert (decision.outcome.value, decision.rule_id) == naive.outcome(*case)


@given(st.data())
def test_the_precedence_of_the_list_is_that_of_the_specification(data: st.DataObject) -> None:
    facts = data.draw(calls())
    listed = data.draw(seen_of(facts))
    assert standing(facts, listed).stand.value == naive.stand(facts, listed)


@given(cases())
def test_rk_2_a_decision_is_made_again_from_its_record(case: tuple[RuleSet, Evidence]) -> None:
    rules, evidence = case
    kept_rules, kept = decoded(RuleSet, encoded(rules)), decoded(Evidence, encoded(evidence))
    assert (kept_rules, kept) == case
    assert decide(kept_rules, kept) == decide(rules, evidence)


@given(cases())
def test_a_decision_is_kept_too(case: tuple[RuleSet, Evidence]) -> None:
    decision = decide(*case)
    assert decoded(Decision, encoded(decision)) == decision


@given(cases())
def test_the_order_of_rules_and_counts_decides_nothing(case: tuple[RuleSet, Evidence]) -> None:
    rules, evidence = case
    turned = replace(evidence, counts=evidence.counts[::-1])
    assert decide(replace(rules, rules=rules.rules[::-1]), turned) == decide(rules, evidence)


@given(cases())
def test_rules_in_shadow_refuse_nobody_and_say_what_they_would_have_done(
    case: tuple[RuleSet, Evidence],
) -> None:
    rules, evidence = case
    evidence = replace(evidence, seen=())
    shadow = replace(rules, rules=tuple(replace(one, rollout=Rollout(shadow=True)) for one in rules.rules))
    decision = decide(shadow, evidence)
    assert decision.outcome is Outcome.ALLOW
    in_force = replace(rules, rules=tuple(replace(one, rollout=Rollout()) for one in rules.rules))
    enforced = decide(in_force, evidence)
    assert (enforced.outcome is not Outcome.ALLOW) == bool(decision.would)
    assert not enforced.would
    if decision.would:
        assert enforced.rule_id in {one.rule_id for one in decision.would}


@given(cases())
def test_without_the_rules_in_shadow_the_same_is_decided(case: tuple[RuleSet, Evidence]) -> None:
    rules, evidence = case
    in_shadow = {one.rule.rule_id for one in found(rules, evidence) if one.match is Match.SHADOW}
    # A rule that counts several keys may be in force for one of them.
    in_force = {one.rule.rule_id for one in found(rules, evidence) if one.match is Match.ENFORCED}
    rest = tuple(rule for rule in rules.rules if rule.rule_id not in in_shadow - in_force)
    with_all, with_rest = decide(rules, evidence), decide(replace(rules, rules=rest), evidence)
    assert replace(with_all, would=()) == replace(with_rest, would=())


@given(cases())
def test_what_decides_is_one_of_the_findings(case: tuple[RuleSet, Evidence]) -> None:
    rules, evidence = case
    decision, decider = decide(rules, evidence), deciding(found(rules, evidence))
    if decision.rule_id:
        assert decider is not None
        assert (decider.rule.rule_id, decider.rule.version) == (decision.rule_id, decision.rule_version)
        assert decision.revision == rules.revision


def test_a_denied_subject_is_denied_whatever_the_rules_say() -> None:
    evidence = a_case(seen=(Seen(ANN, State.CONFIRMED, "a", 1),))
    decision = decide(RuleSet(1), evidence)
    assert (decision.outcome, decision.reason, decision.rule_id) == (Outcome.DENY, "SUBJECT_DENIED", "")


def test_whoever_is_allowed_passes_the_rules_and_the_blacklist() -> None:
    rules = RuleSet(1, (a_rule(DENIED),))
    seen = (Seen(HOME, State.CONFIRMED), Seen(ANN, State.ALLOWED))
    decision = decide(rules, a_case(subjects=(ANN, HOME), seen=seen))
    assert (decision.outcome, decision.reason) == (Outcome.ALLOW, "ALLOWED")


def test_to_claim_an_allowed_device_helps_nobody() -> None:
    rules = RuleSet(1, (a_rule(DENIED),))
    evidence = a_case(subjects=(ANN, PHONE), seen=(Seen(PHONE, State.ALLOWED),))
    assert decide(rules, evidence).outcome is Outcome.DENY


def test_a_service_answers_for_the_member_that_it_names() -> None:
    rules, seen = RuleSet(1, (a_rule(DENIED),)), (Seen(ANN, State.ALLOWED),)
    by_service = a_case(seen=seen, role="service", authenticated=frozenset())
    by_anyone = a_case(seen=seen, role="anyone", authenticated=frozenset())
    assert decide(rules, by_service).outcome is Outcome.ALLOW
    assert decide(rules, by_anyone).outcome is Outcome.DENY


def test_a_broken_glass_lets_everybody_through() -> None:
    seen = (Seen(ANN, State.CONFIRMED), Seen(GLASS, State.ALLOWED))
    decision = decide(RuleSet(1, (a_rule(DENIED),)), a_case(seen=seen))
    assert (decision.outcome, decision.reason) == (Outcome.ALLOW, "BREAK_GLASS")


@pytest.mark.parametrize("state", [State.CONFIRMED, State.CHALLENGED])
def test_the_list_refuses_nobody_who_objects_to_it_and_rules_may(state: State) -> None:
    seen = (Seen(ANN, state),)
    appeal = a_case(seen=seen, scene=APPEALS)
    assert decide(RuleSet(1, ()), a_case(seen=seen)).outcome is not Outcome.ALLOW
    assert decide(RuleSet(1, ()), appeal).outcome is Outcome.ALLOW
    assert decide(RuleSet(1, (a_rule(DENIED),)), appeal).reason == "NO_ROBOTS"


def test_a_snooze_lifts_a_challenge_by_its_rule_and_no_blacklisting() -> None:
    def stand(state: State, rule_id: str) -> str:
        listed = (Seen(ANN, state, rule_id, 1, snoozed=("a",)),)
        return standing(a_call(), listed).stand.value

    assert stand(State.CHALLENGED, "a") == "SUSPECT"
    assert stand(State.CHALLENGED, "b") == "CHALLENGED"
    assert stand(State.CONFIRMED, "a") == "CONFIRMED"


def test_a_snooze_is_for_its_subject_alone() -> None:
    rules = RuleSet(1, (a_rule(),))
    seen = (Seen(ANN, State.NONE, snoozed=("a",)),)
    assert decide(rules, a_case(full(), seen=seen)).outcome is Outcome.ALLOW
    both = a_case(full(), full(key="bob"), subjects=(ANN, BOB), seen=seen)
    assert decide(rules, both).outcome is Outcome.THROTTLE


def test_the_limit_with_the_longest_wait_says_when_to_come_back() -> None:
    rules = RuleSet(1, (a_rule(), a_rule(rule_id="b")))
    decision = decide(rules, a_case(full("a", wait_ms=400), full("b", wait_ms=900)))
    assert (decision.rule_id, decision.retry_after_ms, decision.reason) == ("b", 900, "THROTTLED")


def test_a_wait_without_end_is_the_longest() -> None:
    rules = RuleSet(1, (a_rule(), a_rule(rule_id="b")))
    assert decide(rules, a_case(full("a", wait_ms=NEVER), full("b", wait_ms=900))).rule_id == "a"


def test_a_pace_is_told_before_a_limit() -> None:
    pace = Limit((SubjectKind.MEMBER,), 1, 60_000)
    rules = RuleSet(1, (a_rule(), a_rule(pace, "b")))
    decision = decide(rules, a_case(full("a", wait_ms=900), full("b", wait_ms=100, units=1)))
    assert (decision.rule_id, decision.reason) == ("b", "TOO_FAST")


def test_a_denial_is_harder_than_a_challenge_and_a_challenge_than_a_limit() -> None:
    challenge = a_rule(Verdict(Outcome.CHALLENGE, "PUZZLE"), "b")
    evidence = a_case(full("a"))
    assert decide(RuleSet(1, (a_rule(), challenge)), evidence).reason == "PUZZLE"
    assert decide(RuleSet(1, (a_rule(), challenge, a_rule(DENIED, "c"))), evidence).reason == "NO_ROBOTS"


@pytest.mark.parametrize(
    ("said", "on_error", "outcome"),
    [
        (Truth.TRUE, OnError.OFF, Outcome.DENY),
        (Truth.FALSE, OnError.APPLY, Outcome.ALLOW),
        (Truth.ERROR, OnError.OFF, Outcome.ALLOW),
        (Truth.ERROR, OnError.APPLY, Outcome.DENY),
    ],
)
def test_a_condition_says_whether_a_rule_is_about_a_call(
    said: Truth, on_error: OnError, outcome: Outcome
) -> None:
    rule = a_rule(DENIED, condition="cost > 0", on_error=on_error)
    evidence = replace(a_case(), conditions={"a": said})
    assert decide(RuleSet(1, (rule,)), evidence).outcome is outcome


def test_a_rule_is_about_its_scenes_and_those_below() -> None:
    def is_denied(*scenes: str) -> bool:
        return decide(RuleSet(1, (a_rule(DENIED, scenes=scenes),)), a_case()).outcome is Outcome.DENY

    assert is_denied()
    assert is_denied(SCENE)
    assert is_denied("honey.*", "identity.*")
    assert not is_denied("identity")
    assert not is_denied("ident.*")


def test_another_limit_than_was_counted_is_judged_by_what_was_used() -> None:
    """As a draft is, when recorded calls are put before it."""
    count = Count("a", "ann", units=10, window_ms=60_000, used=6, wait_ms=0)

    def retry(units: int, cost: int = 1) -> int:
        rules = RuleSet(1, (a_rule(Limit((SubjectKind.MEMBER,), units, 60_000)),))
        return decide(rules, a_case(count, cost=cost)).retry_after_ms

    assert retry(10) == 0
    assert retry(7) == 0
    assert retry(6) == 60_000
    assert retry(2, cost=3) == NEVER


def test_every_rule_says_why_it_said_nothing() -> None:
    rules = RuleSet(
        1,
        (
            a_rule(rule_id="a", scenes=("honey.*",)),
            a_rule(rule_id="b", condition="false"),
            a_rule(rule_id="c", condition="1 / cost > 0"),
            a_rule(Limit((SubjectKind.DEVICE,), 1, 1_000), "d"),
            a_rule(rule_id="e"),
            a_rule(DENIED, "f", rollout=Rollout(shadow=True)),
        ),
    )
    evidence = replace(a_case(), conditions={"b": Truth.FALSE, "c": Truth.ERROR})
    assert [one.match for one in found(rules, evidence)] == [
        Match.OTHER_SCENE,
        Match.CONDITION_FALSE,
        Match.CONDITION_FAILED,
        Match.NO_SUBJECT,
        Match.NOT_ASKED,
        Match.SHADOW,
    ]
