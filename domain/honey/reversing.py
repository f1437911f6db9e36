"""An earning is taken back: what is pending of its lot, then what is active, then as the programme says.

Of what expired the member has nothing any more, so it is only renamed. What is held stays held: whoever set
it aside may rely on it, so it counts as spent until it comes back.
"""

from domain.honey import refusals
from domain.honey.accounts import Account
from domain.honey.lots import Lot, burnt
from domain.honey.ports import Counters
from domain.honey.programme import Shortfall
from domain.honey.transactions import Entry, Kind
from domain.honey.waiving import waivable, waived
from domain.honey.wallet import Wallet


def take_back(wallet: Wallet, counters: Counters, lot: Lot, points: int) -> Lot:
    """So much of an earning. Raises Refused (MORE_THAN_EARNED)."""
    if points > lot.stands:
        raise refusals.more_than_earned(points, lot.stands)
    missing, entries = points, list[Entry]()
    for account, there in (
        (Account.PENDING, lot.pending),
        (Account.ACTIVE, lot.active),
        (Account.EXPIRED, lot.expired),
    ):
        taken = min(there, missing)
        missing -= taken
        entries.append(Entry(account, -taken, lot.lot_id))
    given_up = waivable(wallet, counters, missing)
    entries += [*_short(wallet, lot, missing - given_up), *waived(lot, given_up)]
    # Whoever pays for it, it is this earning that is undone.
    undone = Entry(Account.REVERSED, points - given_up, lot.lot_id)
    wallet.post(Kind.REVERSED, [*entries, undone])
    wallet.qualify(lot, -points)
    return wallet.own_lot(lot.lot_id)


def _short(wallet: Wallet, lot: Lot, points: int) -> list[Entry]:
    """What the lot itself has not any more, and nobody waives."""
    others = (other for other in wallet.burnable() if other.lot_id != lot.lot_id)
    takes_others = wallet.programme.shortfall is Shortfall.TAKE_OTHER_LOTS
    parts = burnt(others, points) if takes_others else []
    owed = points - sum(part.points for part in parts)
    paid = [Entry(Account.ACTIVE, -part.points, part.lot_id) for part in parts]
    return [*paid, Entry(Account.DEBT, -owed, lot.lot_id)]
