"""HO-2: what is owed is repaid by whatever comes in, before anything of it can be spent."""

from domain.honey.accounts import Account
from domain.honey.commands.earn import EarnPoints, ReversePoints, earn_points, reverse_points
from domain.honey.commands.spend import SpendPoints, spend_points
from domain.honey.programme import Programme
from domain.honey.transactions import Entry, Kind
from tests.unit.honey.histories import WALLET
from tests.unit.honey.ports import Ledger


def test_what_is_active_at_once_repays_what_is_owed_in_the_transaction_that_brings_it() -> None:
    ledger = Ledger(Programme("honey"))
    ledger.run(earn_points, EarnPoints(WALLET, "ann", 10), 0)
    ledger.run(spend_points, SpendPoints(WALLET, "tea", 8), 1)
    ledger.run(reverse_points, ReversePoints(WALLET, "return", "ann"), 2)
    assert _stands(ledger) == (0, -8)
    ledger.run(earn_points, EarnPoints(WALLET, "ben", 5), 3)
    assert _stands(ledger) == (0, -3)
    ledger.run(earn_points, EarnPoints(WALLET, "cat", 10), 4)
    assert _stands(ledger) == (7, 0)
    last = ledger.wallets.transactions[-1]
    assert (last.kind, last.entries) == (
        Kind.EARNED,
        (
            Entry(Account.ISSUED, -10, "cat"),
            Entry(Account.DEBT, 3, "ann"),
            Entry(Account.ACTIVE, 7, "cat"),
        ),
    )


def _stands(ledger: Ledger) -> tuple[int, int]:
    """Active, and owed."""
    standing = ledger.wallets.get(WALLET)
    return standing.balance(Account.ACTIVE), standing.balance(Account.DEBT)
