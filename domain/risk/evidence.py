"""All that a decision rests on: whoever has it and the rules decides the same again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.risk.facts import Circumstances, Facts
from domain.risk.states import State, hardest
from domain.risk.subjects import Subject, SubjectKind, address_family
from domain.risk.suspects import Entry
from domain.shared.instants import Instant


class Truth(StrEnum):
    """What a condition said of a call."""

    TRUE = "TRUE"
    FALSE = "FALSE"
    ERROR = "ERROR"
    """It could not be evaluated, or took too long."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the list said of one subject at the instant of the call. Left out of evidence if nothing."""

    subject: Subject
    state: State
    rule_id: str = ""
    """The rule that listed it."""
    rule_version: int = 0
    snoozed: tuple[str, ...] = ()
    """Rules that did not count for it."""


@dataclass(frozen=True, slots=True)
class Count:
    """What the limiter said of one key under one limit."""

    rule_id: str
    key: str
    """As `charging` names it."""
    units: int
    """Of the limit as it was counted by."""
    window_ms: int
    used: int
    """Before this call."""
    wait_ms: int
    """0 where there was room; else until there is, or `stamps.NEVER`."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A call, what the list said, what conditions said, and what had been counted."""

    facts: Facts
    at: Instant
    revision: int
    """Of the rules that were in force."""
    seen: tuple[Seen, ...] = ()
    conditions: Mapping[str, Truth] = field(default_factory=dict)
    """By rule, of those in the scene that have one."""
    counts: tuple[Count, ...] = ()
    """Of all limits that were asked, in shadow or not. Not asked: an earlier answer made it needless."""
    source: str = ""
    """Who counted: `STORE`, `CACHE`, `LOCAL`, `UNDECIDED`."""


def seen(entry: Entry, now: Instant) -> Seen | None:
    """What an entry says now; None if nothing."""
    state, snoozed = entry.state_at(now), entry.snoozed_at(now)
    if state is State.NONE and not snoozed:
        return None
    return Seen(entry.subject, state, entry.rule_id, entry.rule_version, snoozed)


def circumstances(facts: Facts, listed: tuple[Seen, ...] = ()) -> Circumstances:
    """What conditions look at."""
    address = next(iter(facts.named(SubjectKind.ADDRESS)), "")

    def state(kind: SubjectKind) -> str:
        return hardest(*(one.state for one in listed if one.subject.kind is kind)).value

    return Circumstances(
        scene=facts.scene,
        method=facts.method,
        caller=facts.caller,
        role=facts.role,
        cost=facts.cost,
        has_member=bool(facts.named(SubjectKind.MEMBER)),
        has_device=bool(facts.named(SubjectKind.DEVICE)),
        has_payment=bool(facts.named(SubjectKind.PAYMENT)),
        address_family=address_family(address) if address else "",
        member_state=state(SubjectKind.MEMBER),
        device_state=state(SubjectKind.DEVICE),
        address_state=state(SubjectKind.ADDRESS),
    )
