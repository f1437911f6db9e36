"""How far automation may raise a subject, so that nobody is listed by what others do in its name."""

from domain.risk.facts import Facts
from domain.risk.states import State, mildest
from domain.risk.subjects import Subject, SubjectKind

SHARED_ABOVE = 10
"""An address or a device that carried more distinct authenticated members in the last hour is shared."""

_BY_KIND = {
    SubjectKind.MEMBER: State.CONFIRMED,
    SubjectKind.DEVICE: State.CONFIRMED,
    SubjectKind.ADDRESS: State.CONFIRMED,
    SubjectKind.PAYMENT: State.CONFIRMED,
    # A service that misbehaves is a matter for its owners: without it nobody is served.
    SubjectKind.CALLER: State.SUSPECT,
    SubjectKind.METHOD: State.NONE,
    SubjectKind.SCENE: State.NONE,
}


def ceiling(subject: Subject, facts: Facts, members_last_hour: int = 0) -> State:
    """The hardest state to which a refusal of this call may raise one of its subjects; NONE: it never counts.

    A subject must be proved. A device or payment that is only claimed counts if the member is proved, and
    is at most challenged: its true owner may be somebody else. So is a device or an address that is shared:
    `members_last_hour` distinct authenticated members used it.
    """
    most = _BY_KIND[subject.kind]
    if not facts.proves(subject.kind):
        claims_count = subject.kind in _CLAIMABLE and facts.proves(SubjectKind.MEMBER)
        most = State.CHALLENGED if claims_count else State.NONE
    if subject.kind in _SHAREABLE and members_last_hour > SHARED_ABOVE:
        most = mildest(most, State.CHALLENGED)
    return most


_CLAIMABLE = frozenset({SubjectKind.DEVICE, SubjectKind.PAYMENT})
_SHAREABLE = frozenset({SubjectKind.DEVICE, SubjectKind.ADDRESS})
