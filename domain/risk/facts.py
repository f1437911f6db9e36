"""What is known of a call when it is judged."""

from dataclasses import dataclass
from typing import NamedTuple

from domain.risk.subjects import Subject, SubjectKind

MOST_SUBJECTS = 16
MOST_COST = 1000


@dataclass(frozen=True, slots=True)
class Facts:
    """One call. Nothing of it comes from a bare header.

    Raises ValueError for more than MOST_SUBJECTS subjects, or a cost outside 0 to MOST_COST.
    """

    scene: str
    """The business scene that the method declares: `identity.purchase`."""
    method: str
    """Path of the method, or for a caller outside the mesh whatever it calls its own."""
    caller: str
    """Who calls: SPIFFE id of a service, name of an operator; empty for anyone."""
    role: str
    """In which role: `service`, `operator`, `gateway`, `anyone`."""
    cost: int
    """Units that the call uses of each limit."""
    subjects: tuple[Subject, ...] = ()
    """Members, devices, addresses and payments that it names; caller, method and scene are above."""
    authenticated: frozenset[SubjectKind] = frozenset()
    """Kinds that the caller has proved. What merely stands in a request is not."""

    def __post_init__(self) -> None:
        if len(self.subjects) > MOST_SUBJECTS:
            raise ValueError(f"{len(self.subjects)} subjects; allowed: {MOST_SUBJECTS}")
        if not 0 <= self.cost <= MOST_COST:
            raise ValueError(f"a cost of {self.cost}; allowed: 0 to {MOST_COST}")

    def named(self, kind: SubjectKind) -> tuple[str, ...]:
        """Every subject of a kind, each once, in the order in which the call names them."""
        match kind:
            case SubjectKind.SCENE:
                one = self.scene
            case SubjectKind.METHOD:
                one = self.method
            case SubjectKind.CALLER:
                one = self.caller
            case _:
                return tuple(dict.fromkeys(each.value for each in self.subjects if each.kind is kind))
        return (one,) if one else ()

    def everyone(self) -> tuple[Subject, ...]:
        """All subjects, caller, method and scene among them: what is looked up on the list."""
        own = (SubjectKind.CALLER, SubjectKind.METHOD, SubjectKind.SCENE)
        named = (Subject(kind, value) for kind in own for value in self.named(kind))
        return (*dict.fromkeys(self.subjects), *named)

    def proves(self, kind: SubjectKind) -> bool:
        """Whether the caller has proved its subjects of this kind.

        The mesh itself knows who calls what: caller, method and scene need no proof.
        """
        return kind in self.authenticated or kind in _KNOWN

    def is_believed(self, kind: SubjectKind) -> bool:
        """Whether it may be let through for the sake of its subjects of this kind.

        A service or an operator answers for the members that it names. What it claims raises nobody all
        the same: that takes proof.
        """
        return self.proves(kind) or (kind is SubjectKind.MEMBER and self.role in _ANSWERABLE)


_ANSWERABLE = frozenset({"service", "operator"})
_KNOWN = frozenset({SubjectKind.CALLER, SubjectKind.METHOD, SubjectKind.SCENE})


class Circumstances(NamedTuple):
    """What a condition may look at: facts with few values, so that its results can be kept.

    The names are the variables of conditions.
    """

    scene: str
    method: str
    caller: str
    role: str
    cost: int
    has_member: bool
    has_device: bool
    has_payment: bool
    address_family: str
    """`IPV4`, `IPV6`, or empty without an address."""
    member_state: str
    """The hardest `State` of the call's members; `NONE` without one."""
    device_state: str
    address_state: str
