"""The accounts of a wallet. Every transaction moves points between them, and their sum is always zero.

So what a member earned is at any moment what was spent, expired and taken back, and what is still there, less
what is owed (HO-2): ISSUED has the opposite of all that was ever earned, and every other account a part of
it. A merchant's wallet has accounts of its own, with the same rule.
"""

from enum import StrEnum


class Account(StrEnum):
    """Where points of a wallet are."""

    ISSUED = "ISSUED"
    """The programme's side of what was earned; never above zero."""
    PENDING = "PENDING"
    """Earned, but the purchase may still be returned."""
    ACTIVE = "ACTIVE"
    """Can be spent."""
    HELD = "HELD"
    """Set aside for a spend that is not certain yet."""
    DEBT = "DEBT"
    """Taken back after they were spent; never above zero."""
    SPENT = "SPENT"
    EXPIRED = "EXPIRED"
    REVERSED = "REVERSED"
    """Taken back."""
    TRANSFERRED = "TRANSFERRED"
    """Gone to other wallets, less what came from them; of all wallets together always zero."""

    PURCHASED = "PURCHASED"
    """The programme's side of a merchant's credit; never above zero."""
    CREDIT = "CREDIT"
    """What a merchant may still have granted at its cost."""
    GRANTED = "GRANTED"
    """What members were granted at a merchant's cost."""
    REDEEMED = "REDEEMED"
    """The members' side of what they spent with a merchant; never above zero."""
    RECEIVABLE = "RECEIVABLE"
    """What a merchant was paid in points, and is to be paid for."""

    WAIVED = "WAIVED"
    """Of earnings that were undone: what was spent already and is given up. It stays spent."""
    FORGONE = "FORGONE"
    """The programme's side of what was waived; never above zero."""


BELOW_ZERO = frozenset({Account.ISSUED, Account.DEBT, Account.PURCHASED, Account.REDEEMED, Account.FORGONE})
"""Never above zero."""
EITHER_SIDE = frozenset({Account.TRANSFERRED})
"""All others are never below it (HO-3)."""


def is_possible(account: Account, points: int) -> bool:
    """Whether an account can have such a balance."""
    return account in EITHER_SIDE or points == 0 or (points < 0) is (account in BELOW_ZERO)
