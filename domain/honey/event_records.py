"""What is kept of an earning event: how it was told, what each rule gave, and what of it is refunded."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from domain.honey.earning_caps import Counter, Scope, Taking
from domain.honey.earning_events import Event
from domain.shared.instants import Instant


class EventKey(NamedTuple):
    """Names one event: no two of a programme have the same id, whoever tells of them."""

    programme_id: str
    event_id: str


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event, which may be an order, as far as we have heard of it."""

    key: EventKey
    event: Event | None = None
    """None: only refunds have come so far."""
    revision: int = 0
    """Of the rules by which it was evaluated."""
    refunded: Mapping[str, int] = field(default_factory=dict)
    """Item id → minor units, as they were asked for."""
    version: int = 0
    """How often it was written."""


@dataclass(frozen=True, slots=True)
class RuleEarning:
    """What an event earned by one rule: a lot, and what it rests on."""

    lot_id: str
    key: EventKey
    wallet_id: str
    rule_id: str
    revision: int
    """Of the rules that have the rule as it was."""
    factor: Fraction
    """Of its multipliers together."""
    room: int | None
    """What its caps would have let through; None: anything."""
    takings: tuple[Taking, ...]
    occurred: Instant


class CounterKey(NamedTuple):
    """Names one counter of a programme."""

    programme_id: str
    member_id: str
    """Empty: of everybody together."""
    counter: Counter


def counter_key(programme_id: str, member_id: str, counter: Counter) -> CounterKey:
    """Of a member's counter, or of the one that all members share."""
    return CounterKey(programme_id, "" if counter.scope is Scope.EVERYBODY else member_id, counter)


def earning_id(key: EventKey, rule_id: str) -> str:
    """The lot that an event brings by a rule, and its transaction: always the same. 32 characters."""
    return hashlib.sha256(json.dumps([*key, rule_id]).encode()).hexdigest()[:32]
