"""Points go out, and come back into the lots they were of when a spend is undone."""

from collections.abc import Sequence
from dataclasses import replace

from domain.honey import refusals
from domain.honey.accounts import Account
from domain.honey.earning import become_active
from domain.honey.lots import Lot, Part, burnt
from domain.honey.sliding import be_active, follow
from domain.honey.spends import Spend
from domain.honey.transactions import Entry, Kind
from domain.honey.waiving import after_all
from domain.honey.wallet import Wallet
from domain.shared.instants import Instant


def spend(wallet: Wallet, transaction_id: str, points: int, merchant_id: str = "") -> Spend:
    """Burns points. Raises Refused (INSUFFICIENT_POINTS)."""
    return spend_parts(wallet, transaction_id, burnable(wallet, points), Account.ACTIVE, merchant_id)


def spend_parts(
    wallet: Wallet, transaction_id: str, parts: Sequence[Part], source: Account, merchant_id: str
) -> Spend:
    """Burns these, which are in an account."""
    wallet.post(Kind.SPENT, moved(parts, source, Account.SPENT))
    be_active(wallet)
    return wallet.remember(Spend(transaction_id, wallet.wallet_id, tuple(parts), merchant_id))


def burnable(wallet: Wallet, points: int) -> Sequence[Part]:
    """What is burnt for so many points. Raises Refused (INSUFFICIENT_POINTS)."""
    if points > (active := wallet.balance(Account.ACTIVE)):
        raise refusals.insufficient_points(points, active)
    return burnt(wallet.burnable(), points)


def give_back(wallet: Wallet, spent: Spend, points: int) -> Spend:
    """Undoes so much of a spend, what was burnt last first. Raises Refused (MORE_THAN_SPENT)."""
    if points > spent.points:
        raise refusals.more_than_spent(points, spent.points)
    rest, back = list(spent.parts), list[Part]()
    while points:
        part = rest.pop()
        returned = min(part.points, points)
        points -= returned
        back.append(Part(part.lot_id, returned))
        if returned < part.points:
            rest.append(Part(part.lot_id, part.points - returned))
    for part in back:
        follow(wallet, wallet.own_lot(part.lot_id))
        _reinstate(wallet, wallet.own_lot(part.lot_id))
    wallet.post(Kind.RETURNED, come_back(wallet, back, Account.SPENT, wallet.now))
    return wallet.remember(replace(spent, parts=tuple(rest)))


def come_back(wallet: Wallet, parts: Sequence[Part], source: Account, at: Instant) -> list[Entry]:
    """Points of lots become the member's again, from an account: those of a lot that is over expire."""
    entries, repaid = list[Entry](), dict[str, int]()
    for part in parts:
        lot = wallet.own_lot(part.lot_id)
        taken, points = after_all(lot, part.points)
        entries += [Entry(source, -part.points, part.lot_id), *taken]
        if lot.is_expired(at):
            entries.append(Entry(Account.EXPIRED, points, part.lot_id))
        else:
            entries += become_active(wallet, lot, points, repaid)
    return entries


def moved(parts: Sequence[Part], source: Account, target: Account) -> list[Entry]:
    """Of each part's lot, from one account to another."""
    return [
        entry
        for part in parts
        for entry in (Entry(source, -part.points, part.lot_id), Entry(target, part.points, part.lot_id))
    ]


def _reinstate(wallet: Wallet, lot: Lot) -> None:
    """A lot that expired so lately lives again, for as long as the programme says."""
    window = wallet.programme.reinstatement_window
    if window and lot.expires is not None and lot.expires <= wallet.now < lot.expires + window:
        wallet.live_until(lot, wallet.now + window)
