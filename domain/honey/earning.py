"""Points come in: as pending, until they cannot be returned any more, or as active at once."""

from domain.honey import refusals
from domain.honey.accounts import Account
from domain.honey.lots import Lot
from domain.honey.sliding import be_active
from domain.honey.transactions import ACTIVITIES, Entry, Kind
from domain.honey.wallet import Wallet
from domain.shared.instants import Instant

MOST = 2**53 - 1
"""Points that a wallet can ever have had: what every language's numbers count exactly."""


def earn(wallet: Wallet, lot: Lot, kind: Kind = Kind.EARNED) -> Lot:
    """`lot` has no points yet. One that is active already repays first what is owed.

    Raises Refused (WALLET_FULL).
    """
    if lot.earned - wallet.balance(Account.ISSUED) > MOST:
        raise refusals.wallet_full(MOST)
    added = wallet.add(lot)
    issued = Entry(Account.ISSUED, -lot.earned, lot.lot_id)
    wallet.post(kind, [issued, *_come_in(wallet, added)])
    if kind is Kind.EARNED:
        wallet.qualify(added, lot.earned)
    if kind in ACTIVITIES:
        be_active(wallet)
    return wallet.own_lot(lot.lot_id)


def _come_in(wallet: Wallet, lot: Lot) -> list[Entry]:
    if lot.active_from > wallet.now:
        return [Entry(Account.PENDING, lot.earned, lot.lot_id)]
    return become_active(wallet, lot, lot.earned)


def activate(wallet: Wallet, lot: Lot, fell_due: Instant | None = None) -> None:
    """What was pending can be spent, but for what repays a debt."""
    pending = Entry(Account.PENDING, -lot.pending, lot.lot_id)
    wallet.post(Kind.ACTIVATED, [pending, *become_active(wallet, lot, lot.pending)], fell_due)


def reinstate(wallet: Wallet, lot: Lot, points: int, expires: Instant) -> Lot:
    """So many expired points are active again, until another instant. Raises Refused (MORE_THAN_EXPIRED)."""
    if points > lot.expired:
        raise refusals.more_than_expired(points, lot.expired)
    wallet.live_until(lot, expires)
    expired = Entry(Account.EXPIRED, -points, lot.lot_id)
    wallet.post(Kind.REINSTATED, [expired, *become_active(wallet, lot, points)])
    return wallet.own_lot(lot.lot_id)


def become_active(wallet: Wallet, lot: Lot, points: int, repaid: dict[str, int] | None = None) -> list[Entry]:
    """Where points of a lot go that become active: to what is owed first, of the oldest lots first.

    `repaid` counts, by lot, what the same transaction repays already, and is added to.
    """
    repaid = {} if repaid is None else repaid
    entries = []
    for owing in sorted(wallet.owed_lots(), key=lambda owing: owing.number):
        share = min(owing.owed - repaid.get(owing.lot_id, 0), points)
        if share:
            entries.append(Entry(Account.DEBT, share, owing.lot_id))
            repaid[owing.lot_id] = repaid.get(owing.lot_id, 0) + share
            points -= share
    return [*entries, Entry(Account.ACTIVE, points, lot.lot_id)]
