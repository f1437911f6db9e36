"""When a rule in shadow has been watched long enough to be put in force."""

from domain.shared.instants import DAY, Instant

ENOUGH_DECISIONS = 10_000
LONG_ENOUGH = DAY


def may_be_promoted(decisions: int, shadow_since: Instant, now: Instant, *, diff_recorded: bool) -> bool:
    """Whether it was judged often or long enough in shadow, and what it would change was written down."""
    return diff_recorded and (decisions >= ENOUGH_DECISIONS or now - shadow_since >= LONG_ENOUGH)
