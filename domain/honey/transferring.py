"""Points go from one wallet to another, with their expiry, their priority and whoever pays for them."""

from domain.honey.accounts import Account
from domain.honey.earning import become_active
from domain.honey.lots import Lot, transferred_lot_id
from domain.honey.spending import burnable, moved
from domain.honey.transactions import Entry, Kind
from domain.honey.wallet import Wallet


def transfer(source: Wallet, target: Wallet, transaction_id: str, points: int) -> None:
    """The lots that are burnt first go. Raises Refused (INSUFFICIENT_POINTS)."""
    parts = burnable(source, points)
    source.post(Kind.TRANSFERRED, moved(parts, Account.ACTIVE, Account.TRANSFERRED))
    entries, repaid = list[Entry](), dict[str, int]()
    for number, part in enumerate(parts, 1):
        lot_id = transferred_lot_id(transaction_id, number)
        come = _copy(source.own_lot(part.lot_id), lot_id, part.points, target)
        entries.append(Entry(Account.TRANSFERRED, -part.points, come.lot_id))
        entries += become_active(target, come, part.points, repaid)
    target.post(Kind.TRANSFERRED, entries)


def _copy(lot: Lot, lot_id: str, points: int, target: Wallet) -> Lot:
    return target.add(
        Lot(
            lot_id=lot_id,
            wallet_id=target.wallet_id,
            earned=points,
            active_from=target.now,
            expires=lot.expires,
            funding=lot.funding,
            priority=lot.priority,
            cause=lot.cause,
            sliding=lot.sliding,
        )
    )
