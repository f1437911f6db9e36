"""Conditions: what they may say, what they say, and A-14, what they may not."""

from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.risk.evidence import Truth, circumstances
from domain.risk.facts import Circumstances
from domain.risk.rules_check import MOST_CONDITION_CHARACTERS
from domain.risk.subjects import Subject, SubjectKind
from servers.mesh.judging.conditions import Condition, Conditions, what_is_wrong
from tests.unit.risk.cases import ANN, HOME, PHONE, a_call, a_rule

ABOUT = circumstances(a_call(ANN, PHONE, HOME, cost=5))
ALIKE = Subject(SubjectKind.MEMBER, "zoe")


def no_failure(rule_id: str, error: str) -> None:
    raise AssertionError(f"{rule_id} failed: {error}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cost >= 5 && has_device", True),
        ("cost < 5 || !has_member", False),
        ("scene.startsWith('identity.') && method.endsWith('/CreateOrder')", True),
        ("role in ['service', 'operator']", False),
        ("member_state == 'SUSPECT' || address_family == 'IPV4'", True),
        ("has_payment ? cost > 10 : size(caller) == 3", True),
        ("method.contains('Identity') && caller + role == 'bffgateway'", True),
        ("(cost - 1) % 2 == 0 && -cost * 2 < 10 / cost", True),
    ],
)
def test_conditions_say_what_is_so(text: str, said: bool) -> None:
    assert what_is_wrong(text) == ""
    assert Condition(text).ask(ABOUT) is said


def test_every_fact_has_a_name_and_a_type_in_conditions() -> None:
    for name, kind in get_type_hints(Circumstances).items():
        value = {str: "''", int: "0", bool: "true"}[kind]
        assert what_is_wrong(f"{name} == {value}") == ""


_ONES = ",".join(["1"] * 20)
_LOOP = f"[{_ONES}].all(x, [{_ONES}].all(y, [{_ONES}].all(z, x + y + z > 0)))"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(_LOOP, id="comprehension"),
        pytest.param("[1, 2].map(x, x * 2).size() > 1", id="map"),
        pytest.param("[1, 2].exists(x, x > 1)", id="exists"),
        pytest.param("scene.matches('(a*)*b')", id="regex"),
        pytest.param("scene.matches('.{0,999}x')", id="regex bomb"),
        pytest.param("matches(scene, '(.?){999}x')", id="regex bomb as a function"),
        pytest.param("cost in [" + ",".join(["1"] * 600) + "]", id="huge list"),
        pytest.param("(" * 400 + "true" + ")" * 400, id="deep nesting"),
        pytest.param("+".join(["scene"] * 150) + " == ''", id="long chain"),
        pytest.param("cost == 'five'", id="a number is no text"),
        pytest.param("dyn(cost) == 'five'", id="a type that is not known"),
        pytest.param("cost < 1.5", id="a whole number is no fraction"),
        pytest.param("cost", id="neither true nor false"),
        pytest.param("'true'", id="a text"),
        pytest.param("timestamp(scene) > timestamp('2026-01-01T00:00:00Z')", id="time"),
        pytest.param("unheard_of == 1", id="unknown fact"),
        pytest.param("has_member &&", id="half a condition"),
        pytest.param("scene == '\x00", id="control character"),
        pytest.param(" ", id="nothing"),
        pytest.param("true " + " " * 1_000, id="too long"),
    ],
)
def test_a_14_what_may_take_long_or_mean_nothing_is_never_loaded(text: str) -> None:
    assert what_is_wrong(text)
    with pytest.raises(ValueError, match=r"b"):
        Conditions([a_rule(rule_id="b", condition=text)], no_failure)


def test_a_14_what_takes_too_long_is_refused() -> None:
    assert what_is_wrong("cost > 0", most_seconds=0.0).startswith("takes ")


@given(st.text(alphabet="cost()!&|<>=+-*/%?:.,'[]{} 01a", max_size=60))
def test_a_14_whatever_is_written_is_a_condition_or_is_refused(text: str) -> None:
    told: list[str] = []
    rule = a_rule(condition=text)
    if text and not what_is_wrong(text):
        truth = Conditions([rule], lambda _, error: told.append(error)).truth(rule, ABOUT)
        assert (truth is Truth.ERROR) == bool(told)


def test_a_14_a_rule_whose_condition_cannot_be_evaluated_is_off_and_told_of_once() -> None:
    told: list[tuple[str, str]] = []
    rule = a_rule(condition="10 / cost > 1")
    conditions = Conditions([rule], lambda rule_id, error: told.append((rule_id, error)))
    free = circumstances(a_call(cost=0))
    assert [conditions.truth(rule, free) for _ in range(3)] == [Truth.ERROR] * 3
    assert [rule_id for rule_id, _ in told] == ["a"]
    assert "divide by zero" in told[0][1]
    assert conditions.truth(rule, circumstances(a_call(cost=5))) is Truth.TRUE


def test_a_rule_without_a_condition_is_about_every_call() -> None:
    assert Conditions([a_rule()], no_failure).truth(a_rule(), ABOUT) is Truth.TRUE


def test_results_are_kept_by_what_a_condition_can_see() -> None:
    assert circumstances(a_call(ANN)) == circumstances(a_call(ALIKE))


def test_the_longest_condition_is_still_one() -> None:
    text = "cost > 0"
    assert what_is_wrong(text + " " * (MOST_CONDITION_CHARACTERS - len(text))) == ""
