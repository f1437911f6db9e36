"""What the limiter says about a call."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from domain.risk.limit import Limit
from domain.risk.reckoning import Reckoning, reckoned
from servers.mesh.limiting.script import Request
from servers.mesh.limiting.shard import Shard


class Source(StrEnum):
    """Who decided."""

    STORE = "STORE"
    """All replicas together."""
    ADVANCE = "ADVANCE"
    """The same, but for some of it in advance."""
    CACHE = "CACHE"
    """This replica, which knows that the store would refuse."""
    LOCAL = "LOCAL"
    """This replica alone, within its share: the store does not answer."""
    ELSEWHERE = "ELSEWHERE"
    """Nobody here: the last units of a limit are with other replicas until the store answers."""
    UNDECIDED = "UNDECIDED"
    """Nobody: the failure class did."""


class Charge(NamedTuple):
    """One limit that a call meets, and for whom."""

    limit: Limit
    subject: str


class Asked(NamedTuple):
    """What was asked of one shard, and when by the store's clock: what a refund must name."""

    shard: Shard
    request: Request
    now_ms: int


@dataclass(slots=True)
class Judgement:
    """What was reckoned about a call, with all that is needed to explain it, replay it and give it back."""

    reckoning: Reckoning
    source: Source
    attempts: int = 0
    """How often the store refused this in a row."""
    asked: Sequence[Asked] = ()
    given_back: int = field(default=0)
    """Units refunded so far."""

    @property
    def admitted(self) -> bool:
        return self.reckoning.admitted


def together(parts: Sequence[Judgement], cost: int) -> Judgement:
    """One judgement on a call whose parts were asked of different shards: admitted if all parts were."""
    reckonings = [part.reckoning for part in parts]
    reckoning = reckoned(
        [limit for one in reckonings for limit in one.limits],
        [used for one in reckonings for used in one.used],
        [wait for one in reckonings for wait in one.waits_ms],
        cost,
        max((one.now_ms for one in reckonings), default=0),
    )
    return Judgement(
        reckoning,
        max((part.source for part in parts), key=list(Source).index, default=Source.STORE),
        max((part.attempts for part in parts), default=0),
        [asked for part in parts for asked in part.asked] if reckoning.admitted else [],
    )
