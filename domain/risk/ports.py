"""What the use cases of Risk need. All ports of one use case see one transaction.

None promises that another writer was not first: a lost race shows as Raced, from a port or when the
transaction commits, and then nothing was written and the whole use case may run again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.risk.appeals import Appeal, AppealState
from domain.risk.rules import RuleSet
from domain.risk.subjects import Subject
from domain.risk.suspects import Change, Entry
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does something, when, and why."""

    actor: str
    now: Instant
    reason: str = ""
    """In words, for the record."""
    event_id: str = ""
    """Names the request, or whatever else causes it; the same event changes a subject once."""


class Rules(Protocol):
    """All revisions of the rules."""

    def latest(self) -> RuleSet:
        """The newest revision; before the first the shipped rules, as revision 0."""

    def highest_versions(self) -> Mapping[str, int]:
        """The highest version that each rule ever had."""

    def add(self, rules: RuleSet, doing: Doing) -> None:
        """Keep a new revision, in force from now. Raced if another was first."""


class Suspects(Protocol):
    """The list."""

    def get(self, subject: Subject) -> Entry:
        """What it says of a subject; an entry of version 0 for one that was never listed."""

    def write(self, change: Change) -> None:
        """Keep the entry and the transition. Raced if the entry is not the one that was read."""


class Appeals(Protocol):
    """Objections."""

    def newest(self, subject: Subject) -> Appeal | None:
        """The last one of a subject."""

    def add(self, appeal: Appeal) -> None:
        """Keep a new one. Raced if this listing has one by now."""

    def answer(self, appeal: Appeal, state: AppealState, now: Instant) -> None:
        """Close one. Raced if it was closed by now."""


@dataclass(frozen=True)
class RiskPorts:
    """All of them."""

    rules: Rules
    suspects: Suspects
    appeals: Appeals
