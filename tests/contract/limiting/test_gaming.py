"""A-16 and F-28: attempts to get more than a limit has, by choice of moment, cost, refund or clock.

Each is put to the script as it is shipped, at times that the test chooses. `make limits` does it at length.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis as RedisClient

from domain.risk.limit import Limit
from domain.risk.reckoning import Reckoning
from domain.risk.verbs import Verb
from tests.limiting.histories import START_MS, Step
from tests.limiting.under_test import ScriptUnderTest
from tests.servers import Redis

W = 60_000
HOUR_MS = 3_600_000
EXACT, BUCKETS = Limit(1, "member", 10, W), Limit(2, "member", 100, W)
LIMITS = pytest.mark.parametrize("limit", [EXACT, BUCKETS], ids=["exact", "buckets"])


@dataclass
class Attacker:
    """Asks at one limit, and writes down what it was given and has not given back."""

    script: ScriptUnderTest
    limit: Limit
    now: int = START_MS
    given: list[tuple[int, int]] = field(default_factory=list)

    def ask(self, cost: int = 1, verb: Verb = Verb.DECIDE, at: int = 0) -> Reckoning:
        reckoning = self.script.decide([("attacker", Step(verb, (self.limit,), cost, self.now, at))])[0]
        if verb is Verb.DECIDE and reckoning.admitted:
            self.given.append((self.now, cost))
        return reckoning

    def take_all(self, cost: int = 1) -> int:
        """As many units as there are, in calls of this cost."""
        before = self.total
        while self.ask(cost).admitted:
            pass
        return self.total - before

    @property
    def total(self) -> int:
        return sum(units for _, units in self.given)

    @property
    def most_in_a_window(self) -> int:
        """Of all windows that end with something given: no other can hold more."""
        ends = [end for end, _ in self.given]
        return max(sum(units for at, units in self.given if end - W < at <= end) for end in ends)


@pytest.fixture
def attack(redis_server: Redis, redis_client: RedisClient) -> Iterator[Callable[[Limit], Attacker]]:
    script = ScriptUnderTest(redis_server.url)
    yield lambda limit: Attacker(script, limit)
    script.close()


Attack = Callable[[Limit], Attacker]


@LIMITS
def test_a16_straddling_the_edge_of_a_window_gains_nothing(attack: Attack, limit: Limit) -> None:
    attacker = attack(limit)
    for _ in range(4):
        attacker.now = (attacker.now // W + 1) * W - 1
        attacker.take_all()
        attacker.now += 1
        attacker.take_all()
    assert attacker.most_in_a_window == limit.units


@LIMITS
def test_a16_at_the_very_boundary_as_much_returns_as_leaves(attack: Attack, limit: Limit) -> None:
    attacker = attack(limit)
    assert attacker.take_all() == limit.units
    hint = attacker.ask().retry_after_ms
    assert W <= hint <= W + limit.bucket_ms
    attacker.now += hint - 1
    assert attacker.take_all() == 0
    attacker.now += 1
    assert attacker.take_all() == limit.units
    assert attacker.most_in_a_window == limit.units


@LIMITS
@pytest.mark.parametrize("cost", [1, 3, 7])
def test_a16_a_cost_that_is_split_buys_no_more(attack: Attack, limit: Limit, cost: int) -> None:
    attacker = attack(limit)
    attacker.take_all(cost)
    attacker.take_all(1)
    assert attacker.total == limit.units
    assert not attacker.ask(limit.units + 1).admitted


@LIMITS
def test_a16_nothing_is_refunded_twice_nor_more_than_was_taken(attack: Attack, limit: Limit) -> None:
    attacker = attack(limit)
    taken = attacker.ask(3)
    attacker.now += 1
    attacker.take_all()
    for _ in range(5):
        attacker.ask(100, Verb.REFUND, at=taken.now_ms)
    # In buckets the whole bucket may be given back, and never one that went before.
    assert attacker.ask(0, Verb.CHECK).used[0] >= (limit.units - 3 if limit.is_exact else 0)
    attacker.now += limit.bucket_ms
    used = attacker.ask(0, Verb.CHECK).used
    attacker.ask(100, Verb.REFUND, at=taken.now_ms)
    assert attacker.ask(0, Verb.CHECK).used == used


@LIMITS
def test_a16_a_storm_of_looks_takes_nothing_and_makes_no_room(attack: Attack, limit: Limit) -> None:
    attacker = attack(limit)
    for _ in range(300):
        attacker.ask(0)
        attacker.ask(limit.units, Verb.CHECK)
    assert attacker.take_all() == limit.units
    for _ in range(300):
        attacker.ask(0)
        assert not attacker.ask(1, Verb.CHECK).admitted
    assert attacker.take_all() == 0


@LIMITS
def test_f28_the_servers_clock_jumps_ahead_and_the_limit_is_had_once_more_and_no_oftener(
    attack: Attack, limit: Limit
) -> None:
    attacker = attack(limit)
    attacker.take_all()
    attacker.now += HOUR_MS
    assert attacker.take_all() == limit.units
    attacker.now -= HOUR_MS
    for _ in range(100):
        attacker.now += 10
        assert attacker.take_all() == 0


@LIMITS
def test_f28_the_servers_clock_falls_back_and_nothing_is_had_before_it_has_caught_up(
    attack: Attack, limit: Limit
) -> None:
    attacker = attack(limit)
    attacker.take_all()
    full = attacker.ask().retry_after_ms
    attacker.now -= HOUR_MS
    hint = attacker.ask().retry_after_ms
    assert hint == HOUR_MS + full
    attacker.now += hint - 1
    assert attacker.take_all() == 0
    attacker.now += 1
    assert attacker.take_all() == limit.units
