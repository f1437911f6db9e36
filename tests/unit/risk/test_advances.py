"""Advances beside a log of every admission: never over the limit, and no more lost than was left over."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.risk.advances import AHEAD_MS, FEWEST_UNITS, PART, Advance, is_hot, taken, units_to_advance
from domain.risk.limit import Limit
from domain.risk.verbs import Verb, applied
from domain.risk.window import EMPTY, Window
from tests.limiting.exact_log import ExactLog

HOUR = Limit(1, "METHOD", 60_000, 3_600_000)
LIMITS = [
    Limit(1, "METHOD", 100, 1_000, 10),
    Limit(1, "METHOD", 400, 1_200, 60),
    Limit(1, "METHOD", 3_000, 10_000, 20),
]


@dataclass
class Mesh:
    """Some replicas, each with an advance, on one store; and two plain logs that judge them."""

    limit: Limit
    replicas: int
    window: Window = EMPTY
    advances: dict[int, Advance] = field(default_factory=dict)
    admitted: ExactLog = field(default_factory=ExactLog)
    """What callers got."""
    charged: ExactLog = field(default_factory=ExactLog)
    """The same, and what was taken in advance."""

    def ask(self, replica: int, cost: int, now: int, latest: int, decisions: int) -> None:
        """As a replica does for a hot key: from its advance, else from the store, and takes a new advance."""
        advance = self.advances.get(replica)
        if advance is not None and advance.covers(self.limit, cost, latest):
            self.advances[replica] = advance.given(cost)
            self._admit(cost, now)
            return
        may_be_refused = self.charged.may_refuse(self.limit, cost, now)
        admitted, _ = self._charge(cost, now)
        if admitted:
            self._admit(cost, now)
        else:
            assert may_be_refused
        units = units_to_advance(self.limit, cost, decisions, self.replicas, now)
        if units:
            is_taken, advance = self._charge(units, now)
            if is_taken:
                self.advances[replica] = advance

    def _charge(self, units: int, now: int) -> tuple[bool, Advance]:
        reckoning, (self.window,) = applied(Verb.DECIDE, [self.limit], [self.window], units, now)
        if reckoning.admitted:
            self.charged.admit(units, now, self.limit.window_ms)
        return reckoning.admitted, taken(reckoning)

    def _admit(self, cost: int, now: int) -> None:
        self.admitted.admit(cost, now, self.limit.window_ms)
        assert self.admitted.used(self.limit.window_ms, now) <= self.limit.units


@given(st.sampled_from(LIMITS), st.integers(1, 4), st.integers(0, 2**32))
def test_never_over_the_limit_and_refused_only_for_what_was_charged(
    limit: Limit, replicas: int, seed: int
) -> None:
    rng, mesh, now = Random(seed), Mesh(limit, replicas), 1_000_000
    for _ in range(400):
        cost = rng.choice([1, 1, 3, limit.units // 10, limit.units // 4, limit.units])
        # Our idea of the time is behind by what an answer took; an advance ends by the latest it can be.
        mesh.ask(rng.randrange(replicas), cost, now, now + rng.choice([0, 1, 7]), decisions=20_000)
        held = [advance.left for advance in mesh.advances.values() if advance.ends_ms > now]
        assert sum(held) <= limit.units / PART
        now += rng.choice([0, 0, 0, 1, 3, limit.bucket_ms - 1, limit.bucket_ms, limit.window_ms - 1])


def an_advance(limit: Limit = HOUR, units: int = 100, now_ms: int = 30_000) -> Advance:
    reckoning, _ = applied(Verb.DECIDE, [limit], [EMPTY], units, now_ms)
    return taken(reckoning)


def test_it_is_for_its_bucket_its_limit_and_what_is_left() -> None:
    advance = an_advance().given(90)
    assert advance.covers(HOUR, 10, 59_999)
    assert not advance.covers(HOUR, 10, 60_000)
    assert not advance.covers(HOUR, 11, 59_999)
    assert not advance.covers(Limit(1, "METHOD", 60_001, 3_600_000), 10, 59_999)
    assert (advance.left, advance.used) == (10, 90)


def test_what_comes_back_can_be_given_again() -> None:
    assert an_advance().given(100).given(-30).left == 30


@given(
    st.sampled_from([HOUR, *LIMITS]), st.integers(1, 50), st.integers(1, 100_000), st.integers(1, 30),
    st.integers(0, 10**7),
)  # fmt: skip
def test_it_is_bounded_by_the_limit_and_by_what_is_needed(
    limit: Limit, cost: int, decisions: int, replicas: int, now_ms: int
) -> None:
    units = units_to_advance(limit, cost, decisions, replicas, now_ms)
    assert units * replicas * PART <= limit.units
    assert units <= decisions * cost * AHEAD_MS / 1000
    assert units == 0 or units >= max(FEWEST_UNITS, cost)


def test_nothing_is_taken_that_a_bucket_has_no_time_for() -> None:
    assert units_to_advance(HOUR, 1, 3_000, 1, 30_000) == 300
    assert units_to_advance(HOUR, 1, 3_000, 1, 59_990) == 30
    assert units_to_advance(HOUR, 1, 3_000, 1, 59_999) == 0


def test_an_exact_limit_is_never_taken_in_advance() -> None:
    assert units_to_advance(Limit(1, "METHOD", 64, 60_000), 1, 1_000_000, 1, 0) == 0


def test_a_key_is_hot_by_the_decisions_of_all_replicas() -> None:
    cases: Sequence[tuple[int, int]] = ((2_000, 1), (2_001, 1), (500, 4), (501, 4))
    assert [is_hot(*case) for case in cases] == [False, True, False, True]
