"""What each verb does to the windows of a request, in worked examples."""

from collections.abc import Sequence

import pytest

from domain.risk.limit import Limit
from domain.risk.reckoning import Reckoning, reckoned
from domain.risk.stamps import NEVER, Stamps
from domain.risk.verbs import Verb, applied
from domain.risk.window import EMPTY, Window

FEW = Limit(1, "member", 3, 1_000, name="few")
MANY = Limit(2, "member", 100, 60_000, name="many")


def run(
    *steps: tuple[Verb, int, int], limits: Sequence[Limit] = (FEW,), at: int = 0
) -> tuple[Reckoning, Sequence[Window]]:
    """The last of some (verb, cost, now), each on what those before left."""
    windows: Sequence[Window] = [EMPTY] * len(limits)
    reckoning = reckoned((), (), (), 0, 0)
    for verb, cost, now in steps:
        reckoning, windows = applied(verb, limits, windows, cost, now, at)
    return reckoning, windows


def test_an_admission_is_in_its_window_until_exactly_a_window_has_passed() -> None:
    taken = (Verb.DECIDE, 3, 5_000)
    assert not run(taken, (Verb.DECIDE, 1, 5_999))[0].admitted
    assert run(taken, (Verb.DECIDE, 1, 6_000))[0].admitted


def test_in_buckets_it_stays_until_its_bucket_has_left() -> None:
    taken = (Verb.DECIDE, 100, 60_500)
    assert not run(taken, (Verb.DECIDE, 1, 120_999), limits=[MANY])[0].admitted
    assert run(taken, (Verb.DECIDE, 1, 121_000), limits=[MANY])[0].admitted


def test_all_limits_have_room_or_none_is_charged() -> None:
    reckoning, windows = run((Verb.DECIDE, 3, 5_000), (Verb.DECIDE, 1, 5_000), limits=[FEW, MANY])
    assert (reckoning.admitted, reckoning.deciding, reckoning.used) == (False, FEW, [3, 3])
    assert windows[1].used(MANY, 5_000) == 3


def test_the_limit_with_the_longest_wait_decides() -> None:
    slow = Limit(3, "member", 3, 9_000)
    reckoning, _ = run((Verb.DECIDE, 3, 5_000), (Verb.DECIDE, 1, 5_500), limits=[FEW, slow, MANY])
    assert (reckoning.deciding, reckoning.retry_after_ms) == (slow, 8_500)
    too_much, _ = run((Verb.DECIDE, 3, 5_000), (Verb.DECIDE, 4, 5_500), limits=[slow, FEW, MANY])
    assert (too_much.deciding, too_much.retry_after_ms) == (slow, NEVER)


def test_the_nearest_limit_says_how_much_an_admitted_request_leaves() -> None:
    reckoning, _ = run((Verb.DECIDE, 2, 5_000), limits=[MANY, FEW])
    assert (reckoning.deciding, reckoning.remaining) == (FEW, 1)


def test_a_request_without_limits_is_admitted() -> None:
    reckoning, _ = run((Verb.DECIDE, 1, 5_000), limits=[])
    assert (reckoning.admitted, reckoning.deciding, reckoning.remaining) == (True, None, None)


@pytest.mark.parametrize("look", [(Verb.DECIDE, 0, 5_000), (Verb.CHECK, 2, 5_000), (Verb.ATTEMPT, 2, 5_000)])
def test_a_look_takes_nothing(look: tuple[Verb, int, int]) -> None:
    assert run((Verb.DECIDE, 1, 5_000), look)[1] == [Stamps((5_000,))]


def test_what_is_spent_in_any_case_counts_beyond_the_limit() -> None:
    reckoning, windows = run((Verb.SPEND, 5, 5_000))
    assert (reckoning.admitted, windows[0].used(FEW, 5_000)) == (False, 5)


def test_a_drain_takes_what_is_left_where_there_was_no_room() -> None:
    _, windows = run((Verb.DECIDE, 1, 5_000), (Verb.DRAIN, 3, 5_000), limits=[FEW, MANY])
    assert [windows[0].used(FEW, 5_000), windows[1].used(MANY, 5_000)] == [3, 1]


def test_a_refund_takes_back_only_what_was_admitted_then() -> None:
    steps = [(Verb.DECIDE, 1, 5_000), (Verb.DECIDE, 2, 5_100)]
    assert run(*steps, (Verb.REFUND, 3, 5_200), at=5_100)[1] == [Stamps((5_000,))]
    assert run(*steps, (Verb.REFUND, 1, 5_200), at=5_100)[1] == [Stamps((5_000, 5_100))]
    assert run(*steps, (Verb.REFUND, 1, 5_200), at=4_000)[1] == [Stamps((5_000, 5_100, 5_100))]


def test_in_buckets_a_refund_comes_before_the_next_bucket_or_not_at_all() -> None:
    taken = (Verb.DECIDE, 9, 60_500)
    in_time = run(taken, (Verb.REFUND, 4, 60_999), limits=[MANY], at=60_500)[1]
    too_late = run(taken, (Verb.REFUND, 4, 61_000), limits=[MANY], at=60_500)[1]
    assert [window.used(MANY, 61_000) for window in (*in_time, *too_late)] == [5, 9]


def test_a_reset_forgets() -> None:
    assert run((Verb.DECIDE, 3, 5_000), (Verb.RESET, 0, 5_000))[1] == [EMPTY]


def test_a_decision_is_made_again_from_its_recorded_counts() -> None:
    reckoning, _ = run((Verb.DECIDE, 3, 5_000), (Verb.DECIDE, 1, 5_250), limits=[FEW, MANY])
    again = reckoned(reckoning.limits, reckoning.used, reckoning.waits_ms, reckoning.cost, reckoning.now_ms)
    assert again == reckoning
    assert (again.deciding, again.retry_after_ms) == (FEW, 750)


@pytest.mark.parametrize(
    ("units", "window_ms", "buckets"),
    [(-1, 1_000, 0), (1, 0, 0), (100, 1_009, 0), (100, 1_000, 7), (100, 6_100, 61), (100, 1_000, 5)],
)
def test_a_limit_that_could_not_keep_its_promise_is_refused(units: int, window_ms: int, buckets: int) -> None:
    with pytest.raises(ValueError, match=r"allowed|buckets"):
        Limit(1, "member", units, window_ms, buckets)


def test_a_limit_takes_as_many_buckets_as_divide_its_window() -> None:
    assert [Limit(1, "m", 100, window_ms).buckets for window_ms in (1_000, 60_000, 3_600_000)] == [50, 60, 60]
