"""What is wrong with the budget of what a programme waives."""

from collections.abc import Iterator

from domain.honey.programme import Programme, Shortfall
from domain.honey.windows import Window
from domain.shared.errors import FieldViolation

MOST_WAIVED = 2**53 - 1
"""What every language's numbers count exactly."""


def violations(programme: Programme, path: str) -> Iterator[FieldViolation]:
    """A budget is kept where nothing is waived any more, so that WAIVE can be turned off and on again."""
    budget, at = programme.waive_budget, f"{path}.waive_budget"
    if budget is None:
        if programme.shortfall is Shortfall.WAIVE:
            yield FieldViolation(at, "REQUIRED", "WAIVE has a budget")
        return
    if not 1 <= budget.points <= MOST_WAIVED:
        yield FieldViolation(f"{at}.points", "OUT_OF_BOUNDS", f"lies between 1 and {MOST_WAIVED}")
    if budget.window is Window.EVENT:
        yield FieldViolation(f"{at}.window", "NOT_SHARED", "a day or longer")
