"""HO-1, HO-3: what does not add up, or takes what is not there, is not posted."""

import pytest

from domain.honey.accounts import Account
from domain.honey.lots import Lot
from domain.honey.programme import Programme
from domain.honey.transactions import Entry, Kind
from domain.honey.wallet import BY_ITSELF, Wallet
from domain.shared.doing import Doing
from tests.unit.honey.histories import WALLET
from tests.unit.honey.ports import Ledger


@pytest.fixture
def wallet() -> Wallet:
    """With one lot of ten pending points."""
    wallet = Wallet(Ledger(Programme("honey")).ports, WALLET, Doing("a test", "r1", 0), BY_ITSELF)
    wallet.add(Lot("lot1", WALLET, 10, active_from=5, expires=None))
    wallet.post(Kind.EARNED, [Entry(Account.ISSUED, -10, "lot1"), Entry(Account.PENDING, 10, "lot1")])
    return wallet


@pytest.mark.parametrize(
    "entries",
    [
        [Entry(Account.ACTIVE, 5, "lot1")],
        [Entry(Account.PENDING, -5, "lot1"), Entry(Account.ACTIVE, 6, "lot1")],
    ],
)
def test_what_does_not_add_up_is_not_posted(wallet: Wallet, entries: list[Entry]) -> None:
    with pytest.raises(ValueError, match="does not balance"):
        wallet.post(Kind.ACTIVATED, entries)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (Account.ACTIVE, Account.SPENT),
        (Account.PENDING, Account.DEBT),
        (Account.CREDIT, Account.GRANTED),
        (Account.HELD, Account.ISSUED),
    ],
)
def test_nothing_is_taken_that_is_not_there(wallet: Wallet, source: Account, target: Account) -> None:
    with pytest.raises(ValueError, match="would be"):
        wallet.post(Kind.SPENT, [Entry(source, -20, "lot1"), Entry(target, 20, "lot1")])


def test_what_moves_nothing_is_no_transaction(wallet: Wallet) -> None:
    before = wallet.standing
    wallet.post(Kind.EXPIRED, [Entry(Account.ACTIVE, 0, "lot1"), Entry(Account.EXPIRED, 0, "lot1")])
    assert wallet.standing == before
