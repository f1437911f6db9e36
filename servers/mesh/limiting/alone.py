"""What a replica decides by itself while the store does not answer."""

from collections.abc import Sequence

from domain.risk.limit import FailureClass, Limit
from domain.risk.reckoning import Reckoning, reckoned
from domain.risk.share import share
from domain.risk.stamps import NEVER
from domain.risk.verbs import Verb
from servers.mesh.limiting.judgement import Asked, Judgement, Source
from servers.mesh.limiting.script import Request
from servers.mesh.limiting.shard import Shard

RETRY_MS = 1000
"""When to ask again for what only the store can decide."""


def has_closed(request: Request, failure_class: FailureClass) -> bool:
    """Whether some limit of a request is closed without the store; `failure_class` is the method's."""
    return any((limit.failure_class or failure_class) is FailureClass.CLOSED for limit in request.limits)


def decide_alone(
    shard: Shard, request: Request, failure_class: FailureClass, *, may_be_counted: bool
) -> Judgement:
    """Refused if some limit is closed; else by this replica's share of those that are bounded.

    `may_be_counted`: the store was asked and may have counted, so it is not told again.
    """
    now_ms = shard.server_time.now_ms()
    if has_closed(request, failure_class):
        waits = [RETRY_MS] * len(request.limits)
        refused = reckoned(request.limits, [0] * len(request.limits), waits, request.cost, now_ms)
        return Judgement(refused, Source.UNDECIDED)
    bounded = [
        (limit, window)
        for limit, window in zip(request.limits, request.windows, strict=True)
        if (limit.failure_class or failure_class) is FailureClass.BOUNDED
    ]
    shares = [share(limit, window, shard.replica, shard.replicas) for limit, window in bounded]
    reckoning = _within_shares(shard, bounded, shares, request.cost, now_ms)
    if request.verb is Verb.SPEND or (reckoning.admitted and request.verb in {Verb.DECIDE, Verb.DRAIN}):
        shard.shadow.record(request.windows, request.limits, request.cost, now_ms, told=may_be_counted)
    asked = (Asked(shard, request, now_ms),) if reckoning.admitted else ()
    return Judgement(reckoning, _source(reckoning, shares), asked=asked)


def _within_shares(
    shard: Shard, bounded: Sequence[tuple[Limit, bytes]], shares: Sequence[int], cost: int, now_ms: int
) -> Reckoning:
    limits = [limit for limit, _ in bounded]
    windows = [window for _, window in bounded]
    reckoning = shard.shadow.decide(windows, limits, shares, cost, now_ms)
    # What exceeds a share for ever may have room as soon as the store answers.
    waits = [
        RETRY_MS if wait == NEVER and cost <= limit.units else wait
        for wait, limit in zip(reckoning.waits_ms, limits, strict=True)
    ]
    return reckoned(limits, reckoning.used, waits, cost, now_ms)


def _source(reckoning: Reckoning, shares: Sequence[int]) -> Source:
    if not shares:
        return Source.UNDECIDED
    refusing = [
        own == 0 < limit.units
        for own, limit, wait in zip(shares, reckoning.limits, reckoning.waits_ms, strict=True)
        if wait
    ]
    return Source.ELSEWHERE if refusing and all(refusing) else Source.LOCAL
