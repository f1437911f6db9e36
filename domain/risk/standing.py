"""What the list says of a whole call: one total precedence over all of its subjects."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.risk.evidence import Seen
from domain.risk.facts import Facts
from domain.risk.states import State
from domain.risk.subjects import SubjectKind

APPEALS = "risk.appeal"
"""The scene in which listed members object: there the list refuses nobody, or nobody could."""
_GLASS = frozenset({SubjectKind.SCENE, SubjectKind.METHOD})


class Stand(StrEnum):
    """What decides, strongest first. Between CONFIRMED and CHALLENGED a snooze has its place."""

    BREAK_GLASS = "BREAK_GLASS"
    """The scene or the method is allowed: an emergency, by a person."""
    ALLOWED = "ALLOWED"
    CONFIRMED = "CONFIRMED"
    CHALLENGED = "CHALLENGED"
    SUSPECT = "SUSPECT"
    """Rules decide, and may look at it."""
    RULES = "RULES"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a call stands, and by which of its subjects."""

    stand: Stand
    by: Seen | None = None
    """None if nobody of it is listed."""

    @property
    def leaves_it_to_rules(self) -> bool:
        """Whether the rules are asked at all."""
        return self.stand in {Stand.SUSPECT, Stand.RULES}


def standing(facts: Facts, listed: Sequence[Seen]) -> Standing:
    """The strongest of what the list says of a call's subjects; of equals the first."""
    held: dict[Stand, Seen] = {}
    for one in listed:
        held.setdefault(_stand(facts, one), one)
    return next((Standing(stand, held[stand]) for stand in _LISTED if stand in held), _NOT_LISTED)


def _stand(facts: Facts, one: Seen) -> Stand:
    match one.state:
        case State.ALLOWED if one.subject.kind in _GLASS:
            return Stand.BREAK_GLASS
        case State.ALLOWED if facts.is_believed(one.subject.kind):
            # Whoever only claims to be an allowed device is judged as everybody is.
            return Stand.ALLOWED
        case State.CONFIRMED | State.CHALLENGED if facts.scene == APPEALS:
            return Stand.SUSPECT
        case State.CONFIRMED:
            return Stand.CONFIRMED
        case State.CHALLENGED if not is_snoozed(facts, one, one.rule_id):
            return Stand.CHALLENGED
        case State.CHALLENGED | State.SUSPECT:
            return Stand.SUSPECT
        case _:
            return Stand.RULES


def is_snoozed(facts: Facts, one: Seen, rule_id: str) -> bool:
    """Whether a rule does not count for a subject of a call; one that is merely claimed gains nothing."""
    return rule_id in one.snoozed and facts.is_believed(one.subject.kind)


_LISTED = tuple(stand for stand in Stand if stand is not Stand.RULES)
_NOT_LISTED = Standing(Stand.RULES)
