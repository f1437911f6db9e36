"""The arithmetic of windows against a log of every admission.

RK-1: no window of length W contains more than N; a decision lies between what the exact windows W and
W(1 + 1/K) say.
"""

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.risk.limit import Limit
from domain.risk.stamps import NEVER
from domain.risk.verbs import Verb, applied
from domain.risk.window import EMPTY, Window, fitted, full, merged, spent
from tests.limiting.exact_log import ExactLog, complaints
from tests.limiting.histories import JUDGED, LONGEST_MS, History
from tests.limiting.judging import Subject

WINDOW_MS = 600
limits = st.builds(
    Limit,
    rule_id=st.just(1),
    subject=st.just("member"),
    units=st.sampled_from([1, 2, 7, 64, 65, 90]),
    window_ms=st.just(WINDOW_MS),
    buckets=st.sampled_from([10, 20, 60]),
)
# Mostly at once, so that windows are full when a boundary comes.
pauses = st.sampled_from([0] * 12 + [1, 7, 59, WINDOW_MS - 1, WINDOW_MS, WINDOW_MS + 59])
gaps = st.lists(st.tuples(pauses, st.sampled_from([0, 1, 1, 2, 5, 13, 30, 64])), min_size=40, max_size=120)
"""(milliseconds since the request before, cost)."""


@given(limits, gaps, st.integers(0, 10_000))
def test_every_decision_lies_between_the_two_exact_windows(
    limit: Limit, requests: Sequence[tuple[int, int]], start: int
) -> None:
    window: Window = EMPTY
    log, now = ExactLog(), start
    for gap, cost in requests:
        now += gap
        decision, [window] = applied(Verb.DECIDE, [limit], [window], cost, now)
        assert not complaints([log], [limit], cost, now, decision.admitted, LONGEST_MS)
        log.admit(cost if decision.admitted else 0, now, WINDOW_MS)


@given(limits, gaps, st.integers(0, 10_000))
def test_a_hint_is_the_first_moment_at_which_the_same_request_is_admitted(
    limit: Limit, requests: Sequence[tuple[int, int]], start: int
) -> None:
    window: Window = EMPTY
    now = start
    for gap, cost in requests:
        now += gap
        decision, [window] = applied(Verb.DECIDE, [limit], [window], cost, now)
        wait = decision.retry_after_ms
        assert (wait == NEVER) == (cost > limit.units)
        assert (wait == 0) == decision.admitted
        if wait > 0:
            early, _ = applied(Verb.CHECK, [limit], [window], cost, now + wait - 1)
            on_time, _ = applied(Verb.CHECK, [limit], [window], cost, now + wait)
            assert (early.admitted, on_time.admitted) == (False, True)


@given(limits, gaps, st.integers(0, WINDOW_MS))
def test_a_clock_that_steps_back_admits_no_more_than_one_that_stands_still(
    limit: Limit, requests: Sequence[tuple[int, int]], step: int
) -> None:
    window: Window = EMPTY
    now = last = 5_000
    for gap, cost in requests:
        now += gap
        decision, [window] = applied(Verb.DECIDE, [limit], [window], cost, now)
        last = now if decision.admitted and cost else last
    stepped, _ = applied(Verb.CHECK, [limit], [window], 1, last - step)
    standing, _ = applied(Verb.CHECK, [limit], [window], 1, last)
    assert stepped.admitted == standing.admitted


@given(limits, limits, gaps)
def test_a_changed_limit_forgets_nothing_that_is_still_in_its_window(
    before: Limit, after: Limit, requests: Sequence[tuple[int, int]]
) -> None:
    window: Window = EMPTY
    log, now = ExactLog(), 5_000
    for gap, cost in requests:
        now += gap
        decision, [window] = applied(Verb.DECIDE, [before], [window], cost, now)
        log.admit(cost if decision.admitted else 0, now, WINDOW_MS)
    changed = fitted(window, after)
    for later in range(now, now + WINDOW_MS, 7):
        assert changed.used(after, later) >= log.used(WINDOW_MS, later)
    assert changed.used(after, now + WINDOW_MS + before.bucket_ms + after.bucket_ms) == 0


@given(limits, st.lists(st.tuples(st.integers(0, WINDOW_MS), st.integers(1, 9)), max_size=30))
def test_windows_counted_apart_and_merged_hold_what_both_had(
    limit: Limit, admissions: Sequence[tuple[int, int]]
) -> None:
    apart: list[Window] = [EMPTY, EMPTY]
    now = 5_000
    for number, (gap, units) in enumerate(admissions):
        now += gap
        mine = apart[number % 2]
        apart[number % 2] = spent(mine, limit, units, now)
    both = merged(apart[0], limit, apart[1].entries())
    assert both.used(limit, now) >= sum(window.used(limit, now) for window in apart)


@given(limits)
def test_a_window_that_cannot_be_read_is_full_for_a_whole_window(limit: Limit) -> None:
    window = full(limit, 5_000)
    assert window.wait_ms(limit, limit.units, 1, 5_000) >= WINDOW_MS
    assert window.wait_ms(limit, limit.units, 1, 5_000) <= WINDOW_MS + limit.bucket_ms


@given(st.sampled_from(sorted(JUDGED)), st.integers(0, 2**32))
def test_malicious_histories_find_no_way_past_the_exact_log(kind: str, seed: int) -> None:
    history: History = JUDGED[kind](Random(seed))
    subject = Subject(str(seed), kind, history, next(history))
    for _ in range(10_000):
        decision = subject.model()
        assert not subject.judge(decision)
        assert subject.step.must_admit in {None, decision.admitted}
        try:
            subject.step = history.send(decision)
        except StopIteration:
            return
    raise AssertionError("a history without an end")
