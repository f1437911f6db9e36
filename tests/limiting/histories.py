"""Histories of requests, random and malicious, that ask a limiter step by step.

A history is a generator: it gives a step, is sent the reckoning, and gives the next. So it can come back
at exactly the moment it was told, or a millisecond too early.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from domain.risk.limit import Limit
from domain.risk.reckoning import Reckoning
from domain.risk.stamps import NEVER
from domain.risk.verbs import Verb

START_MS = 1_800_000_000_000
LENGTH = 200
"""Steps of one history."""
LONGEST_MS = 600_000
FEWEST_MS = 30_000
"""A window must not expire in real time while its history, in its own time, goes on."""


@dataclass(frozen=True)
class Step:
    verb: Verb
    limits: tuple[Limit, ...]
    cost: int
    now: int
    at: int = 0
    must_admit: bool | None = None
    """What a hint has promised about this very step."""


History: TypeAlias = Generator[Step, Reckoning, None]
Gap: TypeAlias = Callable[[Random, Limit, int], int]
"""Milliseconds until the next step, given the limit that is attacked and the time."""


def poisson(rng: Random, limit: Limit, now: int) -> int:
    """Ordinary traffic, from half to three times what the limit lets through."""
    return int(rng.expovariate(max(limit.units, 1) * rng.choice([0.5, 1, 3]) / limit.window_ms))


def burst(rng: Random, limit: Limit, now: int) -> int:
    """Many at once, then a pause of about a window."""
    return 0 if rng.random() < 0.9 else rng.choice([limit.window_ms, limit.window_ms // 2, limit.bucket_ms])


def straddle(rng: Random, limit: Limit, now: int) -> int:
    """Just before and just after the edge of a window or of a bucket."""
    width = rng.choice([limit.window_ms, limit.bucket_ms])
    return max((now // width + 1) * width + rng.choice([-1, 0, 1]) - now, 0) if rng.random() < 0.3 else 0


def boundary(rng: Random, limit: Limit, now: int) -> int:
    """Exactly a window after something, or a millisecond off."""
    reach = rng.choice([limit.window_ms, limit.window_ms + limit.bucket_ms, limit.bucket_ms])
    return max(rng.choice([0, 0, 0, reach + rng.choice([-1, 0, 1])]), 0)


GAPS: tuple[Gap, ...] = (poisson, burst, straddle, boundary)


def a_limit(rng: Random, rule_id: int) -> Limit:
    units = rng.choice([1, 2, 5, 10, 64, 65, 70, 100, 250])
    buckets = rng.choice([10, 20, 60])
    return Limit(rule_id, "member", units, rng.choice([FEWEST_MS, 60_000, LONGEST_MS]), buckets)


def some_limits(rng: Random) -> tuple[Limit, ...]:
    return tuple(a_limit(rng, rule_id) for rule_id in range(1, rng.choice([1, 1, 2, 4]) + 1))


def a_cost(rng: Random, limit: Limit) -> int:
    """Mostly small; at times as much as there is, or one unit more than there can be."""
    return rng.choice([1, 1, 1, 1, 2, 3, 0, max(limit.units // 3, 1), limit.units, limit.units + 1])


def asking(rng: Random) -> History:
    """Decisions alone, with every trick of time and cost, and each hint put to the test."""
    limits, now = some_limits(rng), START_MS + rng.randrange(LONGEST_MS)
    gap = rng.choice(GAPS)
    for _ in range(LENGTH):
        cost = a_cost(rng, rng.choice(limits))
        reckoning = yield Step(Verb.DECIDE, limits, cost, now)
        if not reckoning.admitted and reckoning.retry_after_ms != NEVER and rng.random() < 0.5:
            now += reckoning.retry_after_ms - 1
            yield Step(Verb.CHECK, limits, cost, now, must_admit=False)
            now += 1
            yield Step(Verb.DECIDE, limits, cost, now, must_admit=True)
        now += gap(rng, rng.choice(limits), now)


def giving_back(rng: Random) -> History:
    """Refunds of everything that can be named, and all other verbs between."""
    limits, now = some_limits(rng), START_MS + rng.randrange(LONGEST_MS)
    gap, receipts = rng.choice(GAPS), list[Reckoning]()
    verbs = [Verb.DECIDE] * 8 + [Verb.CHECK, Verb.SPEND, Verb.DRAIN, Verb.RESET]
    for _ in range(LENGTH):
        if receipts and rng.random() < 0.3:
            receipt = receipts.pop(rng.randrange(len(receipts)))
            # Of a cost that was split: part of it now, the rest never.
            yield Step(Verb.REFUND, limits, rng.randint(0, receipt.cost), now, at=receipt.now_ms)
        verb = rng.choice(verbs) if rng.random() < 0.3 else Verb.DECIDE
        if verb is Verb.SPEND and any(limit.is_exact for limit in limits):
            # Beyond 64 units even an exact limit counts in buckets: the model knows how, the log does not.
            verb = Verb.CHECK
        reckoning = yield Step(verb, limits, a_cost(rng, rng.choice(limits)), now)
        if verb is Verb.DECIDE and reckoning.admitted and reckoning.cost:
            receipts.append(reckoning)
        now += gap(rng, rng.choice(limits), now)


def stepping(rng: Random) -> History:
    """A clock that is set back and forward under the limiter's feet."""
    limits, now = some_limits(rng), START_MS + rng.randrange(LONGEST_MS)
    gap = rng.choice(GAPS)
    for _ in range(LENGTH):
        limit = rng.choice(limits)
        yield Step(Verb.DECIDE, limits, a_cost(rng, limit), now)
        now += gap(rng, limit, now)
        if rng.random() < 0.1:
            jump = rng.choice([1, limit.bucket_ms, limit.window_ms, 2 * limit.window_ms])
            now += rng.choice([-1, 1]) * rng.randint(0, jump)


def changing(rng: Random) -> History:
    """Limits whose units, windows and buckets change while they count; the clock may step, too."""
    limits, now = some_limits(rng), START_MS + rng.randrange(LONGEST_MS)
    gap, steps_back = rng.choice(GAPS), rng.random() < 0.3
    for _ in range(LENGTH):
        if rng.random() < 0.05:
            limits = tuple(a_limit(rng, limit.rule_id) if rng.random() < 0.7 else limit for limit in limits)
        limit = rng.choice(limits)
        reckoning = yield Step(Verb.DECIDE, limits, a_cost(rng, limit), now)
        if not reckoning.admitted and reckoning.retry_after_ms != NEVER and rng.random() < 0.2:
            now += reckoning.retry_after_ms
            yield Step(Verb.DECIDE, limits, reckoning.cost, now, must_admit=True)
        now += gap(rng, limit, now)
        if steps_back and rng.random() < 0.1:
            now -= rng.randint(0, 2 * limit.bucket_ms)


def mixed(rng: Random) -> History:
    """Everything at once. What refunds under a clock that steps are worth, no log can say."""
    limits, now = some_limits(rng), START_MS + rng.randrange(LONGEST_MS)
    gap, instants = rng.choice(GAPS), [now]
    for _ in range(LENGTH):
        if rng.random() < 0.05:
            limits = tuple(a_limit(rng, limit.rule_id) for limit in limits)
        limit, verb = rng.choice(limits), rng.choice([Verb.DECIDE, Verb.DECIDE, *Verb][:8])
        yield Step(verb, limits, a_cost(rng, limit), now, at=rng.choice(instants))
        instants = [*instants[-10:], now]
        now += gap(rng, limit, now) + (
            rng.randint(-limit.window_ms, limit.bucket_ms) if rng.random() < 0.05 else 0
        )


JUDGED = {"asking": asking, "giving back": giving_back, "clock steps": stepping, "changing limits": changing}
"""By name; held against the exact log and against the model."""
COMPARED = {"everything at once": mixed}
"""Held against the model alone."""
