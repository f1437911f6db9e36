"""What can be asked of the windows of one request, all of them together.

(limits, windows, now) → (reckoning, windows). The script that runs beside the store does the same, step by
step, and is held against this.
"""

from collections.abc import Sequence
from enum import IntEnum

from domain.risk.limit import Limit
from domain.risk.reckoning import Reckoning, reckoned
from domain.risk.window import EMPTY, Window, fitted, spent


class Verb(IntEnum):
    """How a request uses its windows. The numbers are part of the script's interface."""

    DECIDE = 1
    """Takes the cost from every window if all have room, else from none. A cost of 0 is a look."""
    CHECK = 2
    """Decides and takes nothing."""
    SPEND = 3
    """Takes the cost in any case: what happened is counted, over the limit too."""
    REFUND = 4
    """Gives back at most the cost of what was admitted at an instant: exact until it leaves the window,
    counted in buckets while its bucket is the newest."""
    RESET = 5
    """Forgets what was used."""
    DRAIN = 6
    """Decides; a refused request takes what is left in the windows that had no room for it."""
    ATTEMPT = 7
    """Changes no window: says how often this was refused without asking."""


Windows = Sequence[Window]


def applied(
    verb: Verb, limits: Sequence[Limit], windows: Windows, cost: int, now: int, at: int = 0
) -> tuple[Reckoning, Windows]:
    """The reckoning on what was found, and the windows afterwards.

    `now` and `at`, the instant of what is refunded, are milliseconds. Only DECIDE, CHECK and DRAIN
    refuse; for the others it says what was found.
    """
    pairs = [(limit, fitted(window, limit)) for limit, window in zip(limits, windows, strict=True)]
    reckoning = reckoned(
        limits,
        [window.used(limit, now) for limit, window in pairs],
        [window.wait_ms(limit, limit.units, cost, now) for limit, window in pairs],
        cost,
        now,
    )
    return reckoning, [
        _after(verb, window, limit, _taken(verb, reckoning, index), now, at)
        for index, (limit, window) in enumerate(zip(limits, windows, strict=True))
    ]


def _taken(verb: Verb, reckoning: Reckoning, index: int) -> int:
    """Units that one window gives, or with REFUND is given."""
    match verb:
        case Verb.SPEND | Verb.REFUND:
            return reckoning.cost
        case Verb.DECIDE | Verb.DRAIN if reckoning.admitted:
            return reckoning.cost
        case Verb.DRAIN if reckoning.waits_ms[index]:
            return max(reckoning.limits[index].units - reckoning.used[index], 0)
        case _:
            return 0


def _after(verb: Verb, window: Window, limit: Limit, units: int, now: int, at: int) -> Window:
    """A window from which, or to which, units went. It takes the form of its limit only if it changes."""
    if verb is Verb.RESET:
        return EMPTY
    if units == 0:
        return window
    if verb is Verb.REFUND:
        before = fitted(window, limit)
        after = before.refunded(limit, units, at, now)
        return window if after == before else after
    return spent(window, limit, units, now)
