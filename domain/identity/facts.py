"""Facts: what happened to a timeline. Append-only; everything else is computed from them.

A fact carries all that laying out needs, as it stood when it was accepted: no fold ever reads the
catalogue, so a timeline is a pure function of its facts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.identity.terms import Term
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class TermPlaced:
    """A term was acquired."""

    term: Term


@dataclass(frozen=True, slots=True)
class Cut:
    """One term that a refund ends, wholly or in part."""

    term_id: str
    at: Instant
    share: Fraction
    """Of what remains after `at`: 1 is all of it."""
    keep_time: bool
    """Only money was given back."""
    hold: bool
    """Later terms stay where they are."""
    refund: int
    """Minor units paid back."""

    @property
    def full(self) -> bool:
        return self.share == 1 and not self.keep_time


@dataclass(frozen=True, slots=True)
class TermTerminated:
    """A refund: the term asked for first, then those that a CASCADE rule took with it."""

    refund_id: str
    cuts: tuple[Cut, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class TermReinstated:
    """A refund was undone."""

    refund_id: str


@dataclass(frozen=True, slots=True)
class TermPaused:
    """A running term was stopped."""

    term_id: str
    at: Instant


@dataclass(frozen=True, slots=True)
class TermResumed:
    """A paused term runs again."""

    term_id: str
    at: Instant


@dataclass(frozen=True, slots=True)
class MemberAbsorbed:
    """Another member's terms came in: its facts, in order, as they were recorded there."""

    member_id: str
    facts: tuple["Recorded", ...]


@dataclass(frozen=True, slots=True)
class MemberGone:
    """This timeline was given to another member."""

    survivor_member_id: str


@dataclass(frozen=True, slots=True)
class IdentityStarted:
    """A SKU began to hold in a lane, at the recorded `effective` instant."""

    lane_id: str
    sku_id: str


@dataclass(frozen=True, slots=True)
class IdentityEnded:
    """A SKU no longer holds in a lane, from the recorded `effective` instant."""

    lane_id: str
    sku_id: str


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open interval."""

    start: Instant
    end: Instant


@dataclass(frozen=True, slots=True)
class TermMoved:
    """A term lies elsewhere, by somebody else's doing. Follows from the other facts."""

    term_id: str
    before: tuple[Span, ...]
    after: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class TermSuperseded:
    """An upgrade replaced a term. Follows from the upgrade's `TermPlaced`."""

    term_id: str
    by_term_id: str
    after: tuple[Span, ...]


Fact = (
    TermPlaced
    | TermTerminated
    | TermReinstated
    | TermPaused
    | TermResumed
    | MemberAbsorbed
    | MemberGone
    | IdentityStarted
    | IdentityEnded
    | TermMoved
    | TermSuperseded
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact with its two times, its place in the member's sequence, and who asked for it, how and why."""

    fact: Fact
    effective: Instant
    recorded: Instant
    sequence: int = 0
    actor: str = ""
    request_id: str = ""
    reason: str = ""


Facts = Sequence[Recorded]
