"""Objecting to a listing."""

from dataclasses import dataclass

from domain.risk.appeals import Appeal, AppealState
from domain.risk.ports import Doing, RiskPorts
from domain.risk.states import State
from domain.risk.subjects import Subject
from domain.shared.errors import Refused

APPEALABLE = frozenset({State.CHALLENGED, State.CONFIRMED})
"""Nothing is refused for being a SUSPECT alone."""


@dataclass(frozen=True, slots=True)
class MakeAppeal:
    """Object to a subject's listing. The id is for a new appeal."""

    appeal_id: str
    subject: Subject
    text: str


def make_appeal(command: MakeAppeal, ports: RiskPorts, doing: Doing) -> Appeal:
    """Object; while an appeal is open, another is the same one.

    Raises Refused (SUBJECT_NOT_LISTED, APPEAL_ANSWERED).
    """
    entry = ports.suspects.get(command.subject)
    held = entry.state_at(doing.now)
    if held not in APPEALABLE:
        raise Refused("SUBJECT_NOT_LISTED", "there is nothing to appeal", state=held.value)
    known = ports.appeals.newest(command.subject)
    if known and known.listed == entry.since:
        if known.state is AppealState.OPEN:
            return known
        raise Refused("APPEAL_ANSWERED", "this listing was appealed before", appeal_id=known.appeal_id)
    appeal = Appeal(command.appeal_id, command.subject, entry.since, command.text, doing.now)
    ports.appeals.add(appeal)
    return appeal
