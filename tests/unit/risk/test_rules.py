"""Rules: how far they are in force, what is wrong with them, what changes between two sets."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.risk.canonical import decoded, encoded
from domain.risk.escalation import state_after, struck_kinds
from domain.risk.promotion import may_be_promoted
from domain.risk.rules import (
    Limit,
    Outcome,
    Rollout,
    Rule,
    RuleSet,
    Spread,
    StrikePolicy,
    Verdict,
    matches,
)
from domain.risk.rules_check import violations
from domain.risk.rules_diff import ChangeKind, diff, numbered
from domain.risk.states import State
from domain.risk.subjects import SubjectKind
from domain.shared.instants import DAY, HOUR
from tests.fakes import EPOCH
from tests.unit.risk.cases import SCENE, a_rule, rule_sets

MEMBER = (SubjectKind.MEMBER,)
KEYS = [f"member-{number}" for number in range(2_000)]


def accepts(condition: str) -> str:
    return "" if condition != "nonsense" else "undeclared reference"


# -- Rollout


@given(st.integers(0, 100), st.integers(0, 100), st.text(max_size=20))
def test_who_meets_a_rule_early_meets_it_later_too(low: int, high: int, key: str) -> None:
    low, high = sorted((low, high))
    early, late = (a_rule(rollout=Rollout(percentage=share)) for share in (low, high))
    assert early.is_enforced(SCENE, key) <= late.is_enforced(SCENE, key)


@pytest.mark.parametrize("percentage", [0, 1, 10, 50, 99, 100])
def test_about_the_wanted_share_meets_it(percentage: int) -> None:
    rule = a_rule(rollout=Rollout(percentage=percentage))
    share = sum(rule.is_enforced(SCENE, key) for key in KEYS) / len(KEYS)
    assert abs(share - percentage / 100) < 0.04
    assert share == percentage / 100 or percentage not in (0, 100)


def test_not_the_same_subjects_are_the_first_to_meet_every_rule() -> None:
    first, second = (a_rule(rule_id=name, rollout=Rollout(percentage=50)) for name in ("a", "b"))
    both = sum(first.is_enforced(SCENE, key) and second.is_enforced(SCENE, key) for key in KEYS)
    assert 0.2 < both / len(KEYS) < 0.3


def test_a_rule_may_be_in_shadow_in_some_scenes() -> None:
    rule = a_rule(rollout=Rollout(shadow_scenes=("identity.*", "honey.spend")))
    assert not rule.is_enforced("identity.purchase", "ann")
    assert not rule.is_enforced("honey.spend", "ann")
    assert rule.is_enforced("honey.earn", "ann")


@pytest.mark.parametrize(
    ("pattern", "scene", "fits"),
    [
        ("identity.purchase", "identity.purchase", True),
        ("identity.purchase", "identity.purchases", False),
        ("identity.*", "identity.purchase.big", True),
        ("identity.*", "identity", False),
        ("identity.*", "identityx.purchase", False),
    ],
)
def test_patterns_name_a_scene_or_all_below_one(pattern: str, scene: str, fits: bool) -> None:
    assert matches(pattern, scene) is fits


def test_a_rule_is_put_in_force_when_it_was_watched_enough() -> None:
    def may(decisions: int, hours: int, diff_recorded: bool = True) -> bool:
        return may_be_promoted(decisions, EPOCH, EPOCH + hours * HOUR, diff_recorded=diff_recorded)

    assert may(10_000, 0)
    assert may(0, 24)
    assert not may(9_999, 23)
    assert not may(10_000, 24, diff_recorded=False)


# -- Strikes


@pytest.mark.parametrize(
    ("refusals", "state"),
    [
        (2, State.NONE),
        (3, State.SUSPECT),
        (4, State.SUSPECT),
        (5, State.CHALLENGED),
        (9, State.CONFIRMED),
        (99, State.CONFIRMED),
    ],
)
def test_refusals_move_a_subject_on(refusals: int, state: State) -> None:
    assert state_after(StrikePolicy(60_000, 3, 5, 9), refusals) is state


def test_a_step_of_zero_is_never_reached() -> None:
    assert state_after(StrikePolicy(60_000, suspect_after=3), 10**6) is State.SUSPECT
    assert state_after(StrikePolicy(60_000), 10**6) is State.NONE


def test_a_rule_strikes_whom_it_counts_by() -> None:
    key = (SubjectKind.DEVICE, SubjectKind.ADDRESS)
    assert struck_kinds(a_rule(Limit(key, 1, 1_000))) == key
    assert SubjectKind.SCENE not in struck_kinds(a_rule(Verdict(Outcome.DENY, "NO")))


# -- What is wrong with them


def test_good_rules_have_nothing_wrong() -> None:
    rules = (
        a_rule(strikes=StrikePolicy(60_000, 3, 5, 5), condition="cost > 0", scenes=("identity.*", SCENE)),
        a_rule(Verdict(Outcome.CHALLENGE, "PUZZLE"), "b"),
        a_rule(Spread(SubjectKind.ADDRESS, 500, 3_600_000), "c", rollout=Rollout(True, 0)),
        a_rule(Limit((SubjectKind.MEMBER, SubjectKind.DEVICE), 1_000, 60_000, 30), "d" * 36),
    )
    assert violations(RuleSet(0, rules), accepts) == []


@pytest.mark.parametrize(
    ("field", "reason", "changed"),
    [
        ("rule_id", "MALFORMED", {"rule_id": "A rule"}),
        ("rule_id", "MALFORMED", {"rule_id": "a" * 37}),
        ("rule_id", "MALFORMED", {"rule_id": "a\n"}),
        ("title", "MALFORMED", {"title": ""}),
        ("owner", "MALFORMED", {"owner": "shop\nBcc: everybody"}),
        ("owner", "MALFORMED", {"owner": "o" * 81}),
        ("scenes", "MALFORMED", {"scenes": ("Identity",)}),
        ("scenes", "MALFORMED", {"scenes": ("*",)}),
        ("scenes", "TOO_MANY", {"scenes": ("identity",) * 33}),
        ("rollout.shadow_scenes", "MALFORMED", {"rollout": Rollout(shadow_scenes=("",))}),
        ("rollout.percentage", "OUT_OF_RANGE", {"rollout": Rollout(percentage=101)}),
        ("rollout.percentage", "OUT_OF_RANGE", {"rollout": Rollout(percentage=-1)}),
        ("condition", "TOO_LONG", {"condition": "x" * 1_001}),
        ("condition", "CONDITION_INVALID", {"condition": "nonsense"}),
        ("limit.key", "KEY_MALFORMED", {"effect": Limit((), 1, 1_000)}),
        ("limit.key", "KEY_MALFORMED", {"effect": Limit(MEMBER * 2, 1, 1_000)}),
        ("limit", "OUT_OF_RANGE", {"effect": Limit(MEMBER, -1, 1_000)}),
        ("limit", "OUT_OF_RANGE", {"effect": Limit(MEMBER, 1, 0)}),
        ("limit", "OUT_OF_RANGE", {"effect": Limit(MEMBER, 1, 32 * DAY // 1_000)}),
        ("limit", "OUT_OF_RANGE", {"effect": Limit(MEMBER, 100, 60_000, 7)}),
        ("limit", "OUT_OF_RANGE", {"effect": Limit(MEMBER, 100, 7)}),
        ("verdict.outcome", "OUTCOME_UNSUITED", {"effect": Verdict(Outcome.THROTTLE, "SLOW")}),
        ("verdict.reason", "MALFORMED", {"effect": Verdict(Outcome.DENY, "")}),
        ("spread.across", "KIND_UNSUITED", {"effect": Spread(SubjectKind.MEMBER, 5, 60_000)}),
        ("spread.most_members", "OUT_OF_RANGE", {"effect": Spread(SubjectKind.DEVICE, 0, 60_000)}),
        ("spread.window", "OUT_OF_RANGE", {"effect": Spread(SubjectKind.DEVICE, 5, 999)}),
        ("strikes.window", "OUT_OF_RANGE", {"strikes": StrikePolicy(DAY // 1_000 + 1)}),
        ("strikes.suspect_after", "OUT_OF_RANGE", {"strikes": StrikePolicy(60_000, -1)}),
        ("strikes", "STEPS_DISORDERED", {"strikes": StrikePolicy(60_000, 5, 3)}),
        ("strikes", "STEPS_DISORDERED", {"strikes": StrikePolicy(60_000, 5, 0, 4)}),
    ],
)
def test_each_thing_wrong_is_told_with_its_field(field: str, reason: str, changed: dict[str, Any]) -> None:
    found = violations(RuleSet(0, (a_rule(rule_id="fine"), replace(a_rule(), **changed))), accepts)
    assert [(one.field, one.reason) for one in found] == [(f"rule_set.rules[1].{field}", reason)]


def test_everything_wrong_is_told_at_once() -> None:
    bad = replace(a_rule(), title="", condition="nonsense")
    assert len(violations(RuleSet(0, (bad, bad)), accepts)) == 5
    many = tuple(a_rule(rule_id=f"r{number}") for number in range(201))
    assert [one.reason for one in violations(RuleSet(0, many), accepts)] == ["TOO_MANY"]


# -- What changes


def test_a_rule_keeps_its_version_until_it_changes_and_gets_none_twice() -> None:
    first = numbered(None, RuleSet(0, (a_rule(version=0), a_rule(rule_id="b", version=9))), {})
    assert (first.revision, [rule.version for rule in first.rules]) == (1, [1, 1])
    changed = replace(first.rules[1], title="Another", version=0)
    second = numbered(first, RuleSet(0, (replace(first.rules[0], version=0), changed)), {"a": 1, "b": 1})
    assert (second.revision, [rule.version for rule in second.rules]) == (2, [1, 2])
    third = numbered(second, RuleSet(0, second.rules[:1]), {"a": 1, "b": 2})
    back = numbered(third, RuleSet(0, (replace(changed, version=2), *third.rules)), {"a": 1, "b": 2})
    assert [rule.version for rule in back.rules] == [3, 1], "it came back: nobody may take it for the old"


def test_a_difference_names_the_field_and_both_values() -> None:
    old = RuleSet(1, (a_rule(), a_rule(rule_id="b"), a_rule(rule_id="c")))
    changed = a_rule(Limit(MEMBER, 5, 60_000), rollout=Rollout(shadow_scenes=(SCENE,)), version=2)
    dropped = replace(old.rules[1], strikes=StrikePolicy(60_000, 3))
    found = diff(old, RuleSet(2, (changed, dropped, a_rule(rule_id="d"))))
    assert [(one.kind, one.rule_id) for one in found] == [
        (ChangeKind.CHANGED, "a"),
        (ChangeKind.CHANGED, "b"),
        (ChangeKind.REMOVED, "c"),
        (ChangeKind.ADDED, "d"),
    ]
    assert found[0].fields == (
        "effect.units: 10 -> 5",
        "rollout.shadow_scenes: [] -> [identity.purchase]",
    )
    (told,) = found[1].fields
    assert told.startswith("strikes: none -> StrikePolicy(window_ms=60000 suspect_after=3")


@given(rule_sets())
def test_the_same_rules_differ_in_nothing(rules: RuleSet) -> None:
    assert diff(rules, replace(rules, revision=99)) == []
    again = numbered(rules, rules, {rule.rule_id: rule.version for rule in rules.rules})
    assert again.rules == rules.rules


@given(rule_sets())
def test_rules_are_kept_as_they_are(rules: RuleSet) -> None:
    assert decoded(RuleSet, encoded(rules)) == rules


# -- The form in which they are kept


def test_a_reader_passes_over_what_a_newer_writer_added_and_fills_in_what_an_older_left_out() -> None:
    text = (
        '{"rule_id":"a","title":"t","owner":"o","colour":"red",'
        '"effect":{"type":"Limit","key":["MEMBER"],"units":1,"window_ms":1000,"taste":"sweet"}}'
    )
    assert decoded(Rule, text) == Rule("a", "t", "o", Limit(MEMBER, 1, 1_000))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"revision":"1"}',
        '{"revision":true}',
        '{"revision":1,"rules":[{"rule_id":"a"}]}',
        '{"revision":1,"rules":{}}',
        '{"revision":1,"rules":[',
        '{"revision":1,"rules":[{"rule_id":"a","title":"t","owner":"o","effect":{"type":"Bomb"}}]}',
        '{"revision":1,"rules":[{"rule_id":"a","title":"t","owner":"o","effect":{"type":"Verdict",'
        '"outcome":"KILL","reason":"r"}}]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_rule_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no RuleSet"):
        decoded(RuleSet, text)
