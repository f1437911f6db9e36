"""The list: what is known of a subject, and each change of its state."""

from dataclasses import dataclass

from domain.risk.states import State
from domain.risk.subjects import Subject
from domain.shared.instants import Instant

MOST_SNOOZES = 16
MOST_DECISIONS = 32
"""Cited by one transition."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """A rule that does not count for one subject for a while."""

    rule_id: str
    until: Instant


@dataclass(frozen=True, slots=True)
class Immunity:
    """A rule version that cannot list a subject again for a while: it was wrong about it."""

    rule_id: str
    rule_version: int
    until: Instant


@dataclass(frozen=True, slots=True)
class Entry:
    """What the list says of one subject. Always read it at an instant: `state_at`, never `state`."""

    subject: Subject
    state: State = State.NONE
    """As it was written. It counts before `expires` only."""
    since: Instant = 0
    """When it came into this state."""
    expires: Instant = 0
    """From this instant on it counts as NONE, in every copy, whoever writes or does not write."""
    rule_id: str = ""
    """The rule that listed it; empty if a person did."""
    rule_version: int = 0
    scene: str = ""
    reason: str = ""
    strikes_milli: int = 0
    """How often it was confirmed, in thousandths, as of `strikes_at`; decays."""
    strikes_at: Instant = 0
    snoozes: tuple[Snooze, ...] = ()
    immunities: tuple[Immunity, ...] = ()
    version: int = 0
    """Of the last transition."""
    last_hash: str = ""
    """Of the last transition."""

    def state_at(self, now: Instant) -> State:
        """Its state, by the instant alone."""
        return self.state if now < self.expires else State.NONE

    def snoozed_at(self, now: Instant) -> tuple[str, ...]:
        """The rules that do not count for it."""
        return tuple(snooze.rule_id for snooze in self.snoozes if now < snooze.until)

    def is_immune(self, rule_id: str, rule_version: int, now: Instant) -> bool:
        """Whether this version of a rule cannot list it now."""
        return any(
            (one.rule_id, one.rule_version) == (rule_id, rule_version) and now < one.until
            for one in self.immunities
        )


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a subject's state is to change."""

    actor: str
    """An operator, `rule:<id>` or `member:<id>`."""
    reason: str
    event_id: str
    """What caused it; one event changes a subject once, which the store sees to."""
    rule_id: str = ""
    """Empty if a person is the cause."""
    rule_version: int = 0
    scene: str = ""
    evidence_digest: str = ""
    """SHA-256 of the evidence, in hexadecimal."""
    decision_ids: tuple[str, ...] = ()
    """The decisions that it rests on. At most MOST_DECISIONS."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of a subject's state. Carries the hash of the one before: see `chain`."""

    subject: Subject
    from_state: State
    """As it counted just before: an expired state is NONE."""
    to_state: State
    version: int
    """The entry's afterwards, from 1, without a gap."""
    at: Instant
    expires: Instant
    cause: Cause
    detail: str = ""
    """What else changed: `snooze:<rule>:<until>`."""
    previous_hash: str = ""
    """Empty for the first."""
    hash: str = ""
    """SHA-256, in hexadecimal, of all of the above in canonical JSON."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written: the entry as it becomes, and the transition that made it so."""

    entry: Entry
    transition: Transition
