"""Refusals that are remembered: exactly as long as they hold."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from domain.risk.limit import Limit
from domain.risk.reckoning import reckoned
from domain.risk.stamps import NEVER
from domain.risk.verbs import Verb, applied
from domain.risk.window import EMPTY, Window
from servers.mesh.limiting.refusals import MOST_COSTS, Refusals

LIMIT = Limit(1, "member", 5, 1_000)
OTHER = Limit(2, "member", 5, 1_000)
REFUSED = reckoned([OTHER, LIMIT], [0, 4], [0, 300], 2, 10_000)


def remembered() -> Refusals:
    refusals = Refusals()
    refusals.add(REFUSED, [b"other", b"mine"])
    return refusals


def knows(refusals: Refusals, window: bytes, limit: Limit, cost: int, now_ms: int) -> bool:
    return refusals.find([window], [limit], cost, now_ms, now_ms) is not None


def test_it_holds_until_the_moment_that_was_told_and_not_longer() -> None:
    refusals = remembered()
    found = refusals.find([b"mine"], [LIMIT], 2, 10_100, 10_100)
    assert found is not None
    assert (found.admitted, found.deciding, found.retry_after_ms) == (False, LIMIT, 200)
    assert not knows(refusals, b"mine", LIMIT, 2, 10_300)


def test_it_ends_when_it_may_be_over_and_the_wait_is_long_enough_for_certain() -> None:
    refusals = remembered()
    found = refusals.find([b"mine"], [LIMIT], 2, 10_280, 10_299)
    assert found is not None
    assert found.retry_after_ms == 20
    assert refusals.find([b"mine"], [LIMIT], 2, 10_280, 10_300) is None


def test_it_is_for_the_window_that_was_full_and_for_no_smaller_cost() -> None:
    refusals = remembered()
    assert not knows(refusals, b"other", OTHER, 2, 10_100)
    assert not knows(refusals, b"mine", LIMIT, 1, 10_100)
    assert refusals.find([b"other", b"mine"], [OTHER, LIMIT], 2, 10_100, 10_100) is not None


def test_a_dearer_call_is_asked_about_for_it_waits_longer() -> None:
    assert not knows(remembered(), b"mine", LIMIT, 3, 10_100)


def test_of_several_that_refuse_each_tells_its_wait_and_the_longest_decides() -> None:
    refusals = Refusals()
    refusals.add(reckoned([OTHER, LIMIT], [5, 5], [100, 300], 1, 10_000), [b"other", b"mine"])
    found = refusals.find([b"other", b"mine"], [OTHER, LIMIT], 1, 10_050, 10_050)
    assert found is not None
    assert (found.deciding, list(found.waits_ms)) == (LIMIT, [50, 250])
    later = refusals.find([b"other", b"mine"], [OTHER, LIMIT], 1, 10_150, 10_150)
    assert later is not None
    assert (later.limits, later.waits_ms) == ((LIMIT,), (150,))


def test_a_changed_limit_is_asked_about() -> None:
    assert not knows(remembered(), b"mine", Limit(1, "member", 6, 1_000), 2, 10_100)


def test_what_costs_more_than_there_is_need_not_be_asked_about() -> None:
    found = remembered().find([b"mine", b"small"], [LIMIT, Limit(3, "member", 1, 1_000)], 2, 10_000, 10_000)
    assert found is not None
    assert found.retry_after_ms == NEVER


def test_what_is_forgotten_is_asked_about() -> None:
    refusals = remembered()
    refusals.forget([b"mine"])
    assert not knows(refusals, b"mine", LIMIT, 2, 10_100)


def test_what_has_room_again_elsewhere_is_asked_about() -> None:
    refusals = remembered()
    refusals.heard(b"mine", 4)
    assert knows(refusals, b"mine", LIMIT, 2, 10_100)
    refusals.heard(b"mine", 3)
    assert not knows(refusals, b"mine", LIMIT, 2, 10_100)


def test_times_it_was_given_are_told_once() -> None:
    refusals = remembered()
    for _ in range(3):
        refusals.find([b"mine"], [LIMIT], 2, 10_100, 10_100)
    assert refusals.take_unasked(10) == [(b"mine", LIMIT, 3)]
    assert refusals.take_unasked(10) == []


def test_of_many_windows_those_are_told_first_that_waited_longest() -> None:
    refusals = Refusals()
    for name in (b"a", b"b", b"c"):
        refusals.add(reckoned([LIMIT], [5], [300], 1, 10_000), [name])
        refusals.find([name], [LIMIT], 1, 10_000, 10_000)
    assert [one.window for one in refusals.take_unasked(2)] == [b"a", b"b"]
    assert [one.window for one in refusals.take_unasked(2)] == [b"c"]


def test_the_oldest_is_forgotten_first_when_there_are_too_many() -> None:
    refusals = Refusals(most=2)
    for name in (b"a", b"b", b"c"):
        refusals.add(reckoned([LIMIT], [5], [300], 1, 10_000), [name])
    assert [knows(refusals, name, LIMIT, 1, 10_000) for name in (b"a", b"b", b"c")] == [False, True, True]


def test_costs_of_one_window_are_bounded() -> None:
    refusals, wide = Refusals(), Limit(1, "member", 50, 1_000)
    for cost in range(1, MOST_COSTS + 2):
        refusals.add(reckoned([wide], [50], [300], cost, 10_000), [b"mine"])
    assert not knows(refusals, b"mine", wide, 1, 10_000)
    assert knows(refusals, b"mine", wide, MOST_COSTS + 1, 10_000)


LIMITS = (Limit(1, "member", 3, 50), Limit(2, "member", 5, 200), Limit(3, "member", 70, 400, 10))
calls = st.lists(
    st.tuples(
        st.integers(0, 120),  # milliseconds since the call before
        st.sampled_from([1, 1, 2, 5, 30, 71]),
        st.sets(st.integers(0, 2), min_size=1).map(sorted),
        st.integers(0, 8),  # how far off our idea of the time is, to either side
    ),
    max_size=60,
)


@given(calls)
def test_never_refuses_what_the_store_would_admit(calls: Sequence[tuple[int, int, list[int], int]]) -> None:
    store: list[Window] = [EMPTY] * len(LIMITS)
    refusals, now = Refusals(), 10_000
    for pause, cost, chosen, off in calls:
        now += pause
        limits, names = [LIMITS[n] for n in chosen], [b"%d" % n for n in chosen]
        said, after = applied(Verb.DECIDE, limits, [store[n] for n in chosen], cost, now)
        known = refusals.find(names, limits, cost, now - off, now + off)
        if known is not None:
            assert not said.admitted
            waits = dict(zip(said.limits, said.waits_ms, strict=True))
            for limit, wait in zip(known.limits, known.waits_ms, strict=True):
                assert wait == waits[limit] == NEVER or 0 < waits[limit] == wait - off
        elif said.admitted:
            for number, window in zip(chosen, after, strict=True):
                store[number] = window
        else:
            refusals.add(said, names)
