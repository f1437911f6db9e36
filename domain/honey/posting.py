"""What entries do to the accounts of a wallet and to its lots: they add up, and take only what is there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from domain.honey.accounts import Account, is_possible
from domain.honey.lots import Lot
from domain.honey.transactions import Balances, Entry, Kind

Change = Mapping[str, int]
"""Field of a lot → so many points more, or fewer."""

_FIELDS: Mapping[Account, tuple[str, int]] = {
    Account.PENDING: ("pending", 1),
    Account.ACTIVE: ("active", 1),
    Account.HELD: ("held", 1),
    Account.DEBT: ("owed", -1),
    Account.EXPIRED: ("expired", 1),
    Account.REVERSED: ("reversed", 1),
    Account.WAIVED: ("waived", 1),
}
"""Account → the field of a lot that goes with it, and its sign."""


def balances_after(balances: Balances, kind: Kind, entries: Sequence[Entry]) -> Balances:
    """Raises ValueError if entries do not add up, or an account would have too little (HO-1, HO-3)."""
    if sum(entry.points for entry in entries):
        raise ValueError(f"{kind} does not balance: {entries}")
    after = dict(balances)
    for entry in entries:
        after[entry.account] = points = after.get(entry.account, 0) + entry.points
        if not is_possible(entry.account, points):
            raise ValueError(f"{entry.account} would be {points}")
    return {account: points for account, points in after.items() if points}


def changes_of_lots(entries: Sequence[Entry]) -> Mapping[str, Change]:
    """By lot, each once."""
    changes: dict[str, dict[str, int]] = {}
    for entry in entries:
        if entry.account in _FIELDS:
            name, sign = _FIELDS[entry.account]
            of_lot = changes.setdefault(entry.lot_id, {})
            of_lot[name] = of_lot.get(name, 0) + sign * entry.points
    return changes


def changed(lot: Lot, change: Change) -> Lot:
    """Raises ValueError if it would have too little (HO-3)."""
    shall = {name: getattr(lot, name) + points for name, points in change.items()}
    if min(shall.values()) < 0:
        raise ValueError(f"lot {lot.lot_id} would have {shall}")
    return replace(lot, **shall)
