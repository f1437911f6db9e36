"""Spends: what was taken of which lots, until it comes back."""

from dataclasses import dataclass

from domain.honey.lots import Part


@dataclass(frozen=True, slots=True)
class Spend:
    """One spend."""

    transaction_id: str
    wallet_id: str
    parts: tuple[Part, ...]
    """In the order in which they were burnt; less what came back."""
    merchant_id: str = ""
    """Who was paid with it; empty: the programme itself."""

    @property
    def points(self) -> int:
        """What has not come back."""
        return sum(part.points for part in self.parts)
