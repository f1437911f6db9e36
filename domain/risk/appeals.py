"""A listed member's objection: one a listing, answered by a person."""

from dataclasses import dataclass
from enum import StrEnum

from domain.risk.subjects import Subject
from domain.shared.instants import DAY, Instant

ANSWER_WITHIN = DAY
"""What is promised to the member."""


class AppealState(StrEnum):
    """What became of an appeal."""

    OPEN = "OPEN"
    GRANTED = "GRANTED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal."""

    appeal_id: str
    subject: Subject
    listed: Instant
    """When the subject came into the state that is objected to: it tells one listing from the next."""
    text: str
    created: Instant
    state: AppealState = AppealState.OPEN
    answered: Instant | None = None

    @property
    def answer_by(self) -> Instant:
        """By when a person has answered."""
        return self.created + ANSWER_WITHIN
