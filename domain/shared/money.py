"""Money: minor units of a currency, and the one rounding that is used everywhere."""

from dataclasses import dataclass
from fractions import Fraction

MAX_AMOUNT = 10**12
"""Largest amount in minor units, either sign: far above any card, far below 2^53."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, fen) of an ISO 4217 currency."""

    currency: str
    amount: int

    def __add__(self, other: "Money") -> "Money":
        return Money(self._same(other), self.amount + other.amount)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self._same(other), self.amount - other.amount)

    def share(self, part: Fraction) -> "Money":
        """This much of it, half up, once."""
        return Money(self.currency, half_up(part * self.amount))

    def _same(self, other: "Money") -> str:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add")
        return self.currency


def half_up(value: Fraction) -> int:
    """The nearest integer, halves towards plus infinity."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
