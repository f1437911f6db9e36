"""The gate's model against a naive one, and what must hold of it after every step."""

from collections import Counter

import pytest

from domain.seckill.gate import Claim, OrderFact, Part, Shape, Verdict
from domain.seckill.gate_model import LOADER_SILENT, Gate, GateState
from tests.gate.histories import history
from tests.gate.model import Modelled
from tests.gate.naive import NaiveGate

STEPS = 3_000
EVERYBODY = Part(3, 0)


def an_open_gate(*parts: Part, member_limit: int = 2) -> Gate:
    gate = Gate()
    assert gate.begin("me", 1)
    assert gate.open("me", Shape(1, 10, 1_000_000, member_limit, parts or (EVERYBODY,)))
    return gate


def verdict(
    gate: Gate, member_id: str, units: int = 1, request_id: str = "r", mask: int = 0, at: int = 100
) -> Verdict:
    return gate.claim(Claim(member_id, request_id, units, mask), at, at).verdict


@pytest.mark.parametrize("seed", range(5))
def test_it_answers_as_the_naive_one_and_what_is_left_and_set_aside_is_the_stock(seed: int) -> None:
    """SK-1, SK-2, I6."""
    model, naive, seen = Modelled(), NaiveGate(), Counter[Verdict]()
    for step, real in history(seed, STEPS):
        before = model.gate.generation, dict(model.gate.left), model.gate
        said = model.do(step, real)
        assert said == naive.do(step, real), step
        if isinstance(said, list):
            seen.update(answer.verdict for answer in said)
        left = {number: left for number, left in model.gate.left.items() if left}
        assert left == {number: naive.left(number) for number in range(1, 9) if naive.left(number)}
        gains = [number for number, units in model.gate.left.items() if units > before[1].get(number, 0)]
        if gains and before[2] is model.gate:
            assert model.gate.generation > before[0]
    assert len(seen) == len(Verdict) - 1


def test_exactly_the_stock_is_claimed_by_whoever_comes() -> None:
    """I1, I2; failure rows 2 and 6: units are counted, not requests."""
    gate = an_open_gate(Part(7, 0), Part(5, 0), member_limit=3)
    verdicts = [gate.claim(Claim(f"m{n}", "r", n % 3 + 1, 0), 100, 100) for n in range(50)]
    assert sum(answer.units for answer in verdicts if answer.verdict is Verdict.CLAIMED) == 12
    assert gate.left == dict.fromkeys(range(1, 9), 0)


def test_a_repeat_has_what_it_has_and_takes_no_more() -> None:
    """I5, I8; failure rows 4 and 20."""
    gate = an_open_gate()
    first = gate.claim(Claim("ann", "r", 1, 0), 100, 100)
    again = gate.claim(Claim("ann", "r", 1, 0), 200, 200)
    assert (first.verdict, again.verdict, again.stamp) == (Verdict.CLAIMED, Verdict.OPEN, 200)
    gate.settle(OrderFact("ann", "r", 1, 1))
    assert verdict(gate, "ann") is Verdict.HELD
    assert gate.left[1] == 2


def test_a_drop_of_an_attempt_leaves_what_a_later_one_has_claimed_again() -> None:
    gate = an_open_gate()
    first = gate.claim(Claim("ann", "r", 1, 0), 100, 100)
    again = gate.claim(Claim("ann", "r", 1, 0), 200, 200)
    gate.drop("ann", "r", first.stamp)
    assert gate.left[1] == 2
    gate.drop("ann", "r", again.stamp)
    gate.drop("ann", "r", again.stamp)
    assert gate.left[1] == 3


def test_whoever_was_answered_before_is_not_refused_for_want_of_units() -> None:
    """I5, when the order has ended and everything is sold to others."""
    gate = an_open_gate()
    verdict(gate, "ann")
    gate.drop("ann", "r")
    assert [verdict(gate, f"m{n}") for n in range(4)] == [Verdict.CLAIMED] * 3 + [Verdict.SOLD_OUT]
    assert verdict(gate, "ann") is Verdict.KNOWN


def test_an_order_that_the_gate_did_not_know_leaves_less_than_nothing() -> None:
    """Failure row 15: what was sold meanwhile is taken off, so that nothing is given twice."""
    gate = an_open_gate()
    for number in range(3):
        verdict(gate, f"m{number}")
    gate.settle(OrderFact("late", "r", 2, 1))
    assert gate.left[1] == -2
    gate.drop("m0", "r")
    assert verdict(gate, "zoe") is Verdict.SOLD_OUT


def test_tranches_are_for_those_they_are_open_to_and_a_release_widens_who_may_take() -> None:
    """SK-1 per tranche."""
    gate = an_open_gate(Part(1, 500), Part(1, None), Part(1, 0))
    assert verdict(gate, "a", mask=0b010) is Verdict.CLAIMED
    assert gate.left[2] == 0
    assert verdict(gate, "b") is Verdict.CLAIMED
    assert gate.left[3] == 0
    assert verdict(gate, "c") is Verdict.SOLD_OUT
    assert verdict(gate, "c", at=500) is Verdict.CLAIMED
    assert gate.left[1] == 0


def test_nothing_is_claimed_before_it_opens_and_from_its_end_on() -> None:
    """SK-6; failure row 29."""
    gate = an_open_gate()
    assert verdict(gate, "a", at=9) is Verdict.NOT_OPEN
    assert verdict(gate, "a", at=10) is Verdict.CLAIMED
    assert verdict(gate, "b", at=999_999) is Verdict.CLAIMED
    assert verdict(gate, "c", at=1_000_000) is Verdict.CLOSED


def test_a_limit_counts_what_a_member_has_over_all_his_requests() -> None:
    """SK-3, I3."""
    gate = an_open_gate(Part(100, 0))
    assert verdict(gate, "ann", 2) is Verdict.CLAIMED
    assert verdict(gate, "ann", 1, "other") is Verdict.MEMBER_LIMIT
    gate.drop("ann", "r")
    assert verdict(gate, "ann", 1, "other") is Verdict.CLAIMED


def test_a_missing_gate_is_missing_and_never_sold_out() -> None:
    """Failure row 16."""
    gate = Gate()
    assert verdict(gate, "ann") is Verdict.MISSING
    gate.begin("me", 1)
    assert verdict(gate, "ann") is Verdict.MISSING


def test_of_two_loaders_one_loads_and_a_silent_one_is_followed() -> None:
    gate = Gate()
    assert gate.begin("one", 0)
    assert not gate.begin("two", LOADER_SILENT)
    assert gate.begin("two", LOADER_SILENT + 1)
    assert not gate.push("one", OrderFact("ann", "r", 1, 1), LOADER_SILENT + 2)
    assert not gate.open("one", Shape(1, 0, 1, 1, (EVERYBODY,)))
    assert gate.state is GateState.LOADING
    assert gate.open("two", Shape(1, 0, 1, 1, (EVERYBODY,)))
    assert not gate.begin("one", 10 * LOADER_SILENT)


def test_an_order_told_twice_while_it_is_loaded_counts_once() -> None:
    gate = Gate()
    gate.begin("one", 0)
    gate.settle(OrderFact("ann", "r", 2, 1))
    gate.push("one", OrderFact("ann", "r", 2, 1), 1)
    gate.open("one", Shape(1, 0, 1, 1, (Part(5, 0),)))
    assert gate.left[1] == 3


def test_an_older_shape_never_replaces_a_newer_one() -> None:
    """Failure row 30."""
    gate = an_open_gate(Part(3, 0))
    assert gate.reshape(Shape(3, 10, 1_000_000, 2, (Part(10, 0),)))
    assert gate.reshape(Shape(2, 10, 1_000_000, 2, (Part(5, 0),)))
    assert gate.left[1] == 10
