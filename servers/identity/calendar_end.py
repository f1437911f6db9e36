"""The end of the calendar: instants are those of the years 1970 to 9999."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.shared.errors import Refused

LAST_DAY = "9999-12-31"


@contextmanager
def within_calendar() -> Iterator[None]:
    """Refuses what would reach beyond the last day. Raises Refused (HORIZON_EXCEEDED).

    Python's dates end there, too, so that whatever computes with them overflows.
    """
    try:
        yield
    except OverflowError as error:
        message = f"it would reach beyond {LAST_DAY}"
        raise Refused("HORIZON_EXCEEDED", message, latest_end_time=LAST_DAY) from error
