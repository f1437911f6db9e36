"""Refusals that are remembered: exactly as long as they hold."""

from domain.risk.limit import Limit
from domain.risk.reckoning import reckoned
from domain.risk.stamps import NEVER
from servers.mesh.limiting.refusals import Refusals

LIMIT = Limit(1, "member", 5, 1_000)
OTHER = Limit(2, "member", 5, 1_000)
REFUSED = reckoned([OTHER, LIMIT], [0, 4], [0, 300], 2, 10_000)


def remembered() -> Refusals:
    refusals = Refusals()
    refusals.add(REFUSED, [b"other", b"mine"])
    return refusals


def test_it_holds_until_the_moment_that_was_told_and_not_longer() -> None:
    refusals = remembered()
    found = refusals.find([b"mine"], [LIMIT], 2, 10_100)
    assert found is not None
    assert (found.admitted, found.deciding, found.retry_after_ms) == (False, LIMIT, 200)
    assert refusals.find([b"mine"], [LIMIT], 2, 10_300) is None


def test_it_is_for_the_window_that_was_full_and_for_no_smaller_cost() -> None:
    refusals = remembered()
    assert refusals.find([b"other"], [OTHER], 2, 10_100) is None
    assert refusals.find([b"mine"], [LIMIT], 1, 10_100) is None
    assert refusals.find([b"other", b"mine"], [OTHER, LIMIT], 3, 10_100) is not None


def test_a_changed_limit_is_asked_about() -> None:
    assert remembered().find([b"mine"], [Limit(1, "member", 6, 1_000)], 2, 10_100) is None


def test_what_costs_more_than_there_is_need_not_be_asked_about() -> None:
    found = Refusals().find([b"mine"], [LIMIT], 6, 10_000)
    assert found is not None
    assert found.retry_after_ms == NEVER


def test_what_is_forgotten_is_asked_about() -> None:
    refusals = remembered()
    refusals.forget([b"mine"])
    assert refusals.find([b"mine"], [LIMIT], 2, 10_100) is None


def test_times_it_was_given_are_told_once() -> None:
    refusals = remembered()
    for _ in range(3):
        refusals.find([b"mine"], [LIMIT], 2, 10_100)
    assert refusals.take_unasked(10_200) == [(b"mine", LIMIT, 3)]
    assert refusals.take_unasked(10_400) == []


def test_the_oldest_is_forgotten_first_when_there_are_too_many() -> None:
    refusals = Refusals(most=2)
    for name in (b"a", b"b", b"c"):
        refusals.add(reckoned([LIMIT], [5], [300], 1, 10_000), [name])
    known = [refusals.find([name], [LIMIT], 1, 10_000) is not None for name in (b"a", b"b", b"c")]
    assert known == [False, True, True]
