"""Verifying a wallet's past: every transaction is computed anew from the one before."""

from collections import Counter
from collections.abc import Iterable

from domain.honey.accounts import Account, is_possible
from domain.honey.transactions import GENESIS, Transaction, chained


class Verifier:
    """Takes the transactions of one wallet in order, from the first."""

    def __init__(self) -> None:
        self.version = 0
        """How many were taken, and were as they must be."""
        self.link = GENESIS
        """Of the last of them."""
        self._balances: Counter[Account] = Counter()

    def take(self, transactions: Iterable[Transaction]) -> int | None:
        """The number that the first has which is not as it must be; None if all are."""
        for transaction in transactions:
            if not self._follows(transaction):
                return self.version + 1
            self.version, self.link = transaction.seq, transaction.link
        return None

    def _follows(self, transaction: Transaction) -> bool:
        for entry in transaction.entries:
            self._balances[entry.account] += entry.points
        balances = {account: points for account, points in self._balances.items() if points}
        return (
            transaction.seq == self.version + 1
            and not sum(entry.points for entry in transaction.entries)
            and balances == transaction.balances
            and all(is_possible(account, points) for account, points in balances.items())
            and transaction.link == chained(self.link, transaction)
        )
