"""How long automation may list a subject: longer each time, and forgotten with time."""

from domain.risk.states import State
from domain.shared.instants import DAY, HOUR, Instant

FIRST_CONFIRMED = 4 * HOUR
"""For who has no strikes; doubled by each."""
LONGEST_CONFIRMED = 7 * DAY
"""By automation; a person may go beyond."""
HALF_LIFE = 30 * DAY
"""In which strikes halve."""
STRIKE_MILLI = 1000
MOST_STRIKES_MILLI = 100 * STRIKE_MILLI
"""Far beyond what the cap can tell apart."""

_LIFETIMES = {State.SUSPECT: DAY, State.CHALLENGED: 4 * HOUR, State.RELEASED: DAY}


def strikes_left(strikes_milli: int, since: Instant, now: Instant) -> int:
    """What is left of so many strikes, in thousandths; a clock behind `since` heals nothing."""
    return int(strikes_milli * 0.5 ** (max(now - since, 0) / HALF_LIFE))


def lifetime(state: State, strikes_milli: int) -> int:
    """How long automation lists a subject in a state, in microseconds; `strikes_milli` before this time.

    CONFIRMED: 4 h x 2^strikes, at most 7 days.
    """
    if state is not State.CONFIRMED:
        return _LIFETIMES[state]
    doublings = min(strikes_milli, MOST_STRIKES_MILLI) / STRIKE_MILLI
    return min(int(FIRST_CONFIRMED * 2**doublings), LONGEST_CONFIRMED)
