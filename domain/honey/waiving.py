"""Waiving: of an earning that is undone, what was spent is given up, as far as the programme's budget goes.

It stays spent, so nothing moves but what says so: WAIVED, beside what was taken back (HO-2). If points of the
lot come back after all, by a hold that is let go or a spend that is undone, they are what was waived, and are
taken back after all. So it does not matter which came first (HO-8), and nobody keeps points by holding them
while their earning is undone. The budget counts what was waived, whatever comes back later.
"""

from domain.honey.accounts import Account
from domain.honey.earning_caps import Counter, Scope
from domain.honey.event_records import CounterKey
from domain.honey.lots import Lot
from domain.honey.ports import Counters
from domain.honey.programme import Programme, Shortfall
from domain.honey.transactions import Entry
from domain.honey.wallet import Wallet
from domain.honey.windows import start_of
from domain.shared.instants import Instant

_COUNTED_AS = "(waived)"
"""In the place of a rule; no rule is called so."""


def waivable(wallet: Wallet, counters: Counters, points: int) -> int:
    """How many of so many points the budget leaves. They count from now on."""
    budget = wallet.programme.waive_budget
    if wallet.programme.shortfall is not Shortfall.WAIVE or budget is None:
        return 0
    key = counter_of(wallet.programme, wallet.now)
    # The budget may have been lowered below what was counted.
    waived = min(points, max(budget.points - counters.get(key), 0))
    if waived:
        counters.add(key, waived, budget.points)
    return waived


def counter_of(programme: Programme, at: Instant) -> CounterKey:
    """Of what a programme, which has a budget, waives in the window of an instant."""
    assert programme.waive_budget, "only what has a budget is counted"
    window = programme.waive_budget.window
    start = start_of(window, at, programme.zone)
    return CounterKey(programme.programme_id, "", Counter(_COUNTED_AS, Scope.EVERYBODY, window, start))


def waived(lot: Lot, points: int) -> list[Entry]:
    """So many points of a lot are given up; with a negative number they are taken back after all."""
    return [Entry(Account.WAIVED, points, lot.lot_id), Entry(Account.FORGONE, -points, lot.lot_id)]


def after_all(lot: Lot, points: int) -> tuple[list[Entry], int]:
    """Of points that come back to a lot, those that were waived are taken back; and how many are left."""
    taken = min(lot.waived, points)
    return [Entry(Account.REVERSED, taken, lot.lot_id), *waived(lot, -taken)], points - taken
