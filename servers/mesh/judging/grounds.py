"""What a decision rested on, kept as it was met, and made into evidence only where somebody wants it.

A call hands over what it has in hand anyway. The evidence, which must be enough to decide the same again,
is put together off the path of the call, or on it if the rules do not leave it to the counts alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import orjson

from domain.risk.evidence import Count, Evidence, Seen, Truth
from domain.risk.facts import Facts
from domain.risk.limit import Limit
from domain.risk.subjects import Subject, SubjectKind
from domain.shared.instants import Instant
from servers.mesh.judging.plans import Names
from servers.mesh.limiting.judgement import Charge, Judgement, Source


class Counted(NamedTuple):
    """An answer of the limiter, with what was asked."""

    charges: Sequence[Charge]
    judgement: Judgement

    def counts(self) -> Iterator[Count]:
        """What was counted. A refusal that was known already tells only of the limit that refuses."""
        reckoning = self.judgement.reckoning
        left = list(self.charges)
        for limit, used, wait in zip(reckoning.limits, reckoning.used, reckoning.waits_ms, strict=True):
            index = next(index for index, charge in enumerate(left) if charge.limit is limit)
            yield Count(limit.name, left.pop(index).subject, limit.units, limit.window_ms, used, wait)


class Grounds(NamedTuple):
    """Of one call."""

    scene: str
    method: str
    caller: str
    role: str
    cost: int
    names: Names
    """Members, devices, addresses and payments; caller, method and scene are above."""
    authenticated: frozenset[SubjectKind]
    at: Instant
    revision: int
    listed: tuple[Seen, ...]
    conditions: Mapping[str, Truth]
    counted: Sequence[Counted]

    def facts(self) -> Facts:
        subjects = tuple(Subject(kind, value) for kind in _NAMED for value in self.names.get(kind, ()))
        return Facts(self.scene, self.method, self.caller, self.role, self.cost, subjects, self.authenticated)

    @property
    def is_decided_elsewhere(self) -> bool:
        """Whether only other replicas have units left of what refuses."""
        return Source.ELSEWHERE in [one.judgement.source for one in self.counted]

    def limit_of(self, rule_id: str) -> Limit:
        """The limit of a rule that was counted for this call."""
        charges = (charge for counted in self.counted for charge in counted.charges)
        return next(charge.limit for charge in charges if charge.limit.name == rule_id)

    def evidence(self) -> Evidence:
        """Enough to decide again."""
        return Evidence(
            facts=self.facts(),
            at=self.at,
            revision=self.revision,
            seen=self.listed,
            conditions=self.conditions,
            counts=tuple(count for counted in self.counted for count in counted.counts()),
            source=self.counted[0].judgement.source.value if self.counted else "",
        )


def to_json(grounds: object) -> bytes:
    """The evidence as `domain.risk.canonical` reads it."""
    assert isinstance(grounds, Grounds)
    return orjson.dumps(grounds.evidence(), default=_as_list, option=orjson.OPT_SORT_KEYS)


def _as_list(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{value!r} is no part of evidence")


_NAMED = (SubjectKind.MEMBER, SubjectKind.DEVICE, SubjectKind.PAYMENT, SubjectKind.ADDRESS)
