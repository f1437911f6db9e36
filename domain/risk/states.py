"""Where a subject can stand on the list."""

from enum import StrEnum


class State(StrEnum):
    """Where a subject stands. The first four from the mildest to the hardest."""

    NONE = "NONE"
    """Not listed."""
    SUSPECT = "SUSPECT"
    """Watched: conditions may look at it, nothing is refused for it alone."""
    CHALLENGED = "CHALLENGED"
    """Its calls must prove something first."""
    CONFIRMED = "CONFIRMED"
    """Its calls are denied: the blacklist."""
    RELEASED = "RELEASED"
    """Was listed and let go; counts as not listed."""
    ALLOWED = "ALLOWED"
    """Let through by a person, for a time. An allowed scene or method is a broken glass: everybody is."""

    @property
    def rank(self) -> int:
        """How hard: 0 for those who are not listed, 3 for CONFIRMED. ALLOWED has none and is 0."""
        return _RANKS.get(self, 0)


_RANKS = {State.SUSPECT: 1, State.CHALLENGED: 2, State.CONFIRMED: 3}


def mildest(*states: State) -> State:
    """The one of the least rank."""
    return min(states, key=lambda state: state.rank)


def hardest(*states: State) -> State:
    """The one of the greatest rank; NONE of none."""
    return max(states, key=lambda state: state.rank, default=State.NONE)
