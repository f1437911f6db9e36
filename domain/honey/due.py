"""What falls due by itself, at its instant and in a fixed order: activation, then hold time-out, then expiry.

Every command lets everything happen first that is due. So it does not matter when the jobs run, whether they
run twice, or stop in the middle: the entries are the same, with the instants at which they fell due (HO-11).
"""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import replace
from itertools import groupby

from domain.honey.accounts import Account
from domain.honey.earning import activate
from domain.honey.holding import time_out
from domain.honey.holds import Hold, HoldState
from domain.honey.lots import Lot, Part
from domain.honey.ports import HoneyPorts
from domain.honey.programme import HeldExpiry
from domain.honey.spending import moved
from domain.honey.transactions import Entry, Kind
from domain.honey.waiving import after_all
from domain.honey.wallet import Occasion, Wallet
from domain.shared.doing import Doing
from domain.shared.instants import Instant

ACTIVATE, TIME_OUT, EXPIRE = range(3)
EXPIRE_TOGETHER = 100
"""Lots that one transaction expires at most: its entries, and the event that tells of them, stay small."""

Step = tuple[Instant, int, int, str]
"""When something falls due, what it is, and of which lot, by number, or hold."""


def opened(ports: HoneyPorts, wallet_id: str, doing: Doing, occasion: Occasion) -> Wallet:
    """A wallet to work on, in which nothing is due. Raises NotFound (PROGRAMME_NOT_FOUND)."""
    wallet = Wallet(ports, wallet_id, doing, occasion)
    let_happen(wallet)
    return wallet


def let_happen(wallet: Wallet) -> None:
    """All that is due by `wallet.now`."""
    next_due = wallet.standing.next_due
    if next_due is None or next_due > wallet.now:
        return
    for (_, what), steps in groupby(sorted(_steps(wallet)), key=lambda step: step[:2]):
        _HAPPENS[what](wallet, [which for *_, which in steps])
    wallet.caught_up()


def _steps(wallet: Wallet) -> Iterator[Step]:
    """Also such as will have nothing left to do when their turn comes."""
    for hold in wallet.open_holds():
        if hold.expires <= wallet.now:
            yield hold.expires, TIME_OUT, 0, hold.hold_id
    # A lot whose points are all held is among them: it may get some back, and expire after that.
    for lot in wallet.due_lots():
        if lot.pending and lot.active_from <= wallet.now:
            yield lot.active_from, ACTIVATE, lot.number, lot.lot_id
        if lot.expires is not None and lot.expires <= wallet.now:
            yield lot.expires, EXPIRE, lot.number, lot.lot_id


def _activate(wallet: Wallet, lot_ids: Sequence[str]) -> None:
    for lot in map(wallet.own_lot, lot_ids):
        activate(wallet, lot, lot.active_from)


def _time_out(wallet: Wallet, hold_ids: Sequence[str]) -> None:
    for hold in map(wallet.hold, hold_ids):
        if hold is not None and hold.is_open:
            time_out(wallet, hold)


def _expire(wallet: Wallet, lot_ids: Sequence[str]) -> None:
    """All that expires at one instant, in as few transactions as can be."""
    strict = wallet.programme.held_expiry is HeldExpiry.STRICT
    # Only those with something to expire count: they are the same however late this runs.
    lots = [lot for lot in map(wallet.own_lot, lot_ids) if lot.active or (strict and lot.held)]
    for start in range(0, len(lots), EXPIRE_TOGETHER):
        _expire_together(wallet, lots[start : start + EXPIRE_TOGETHER], strict)


def _expire_together(wallet: Wallet, lots: Sequence[Lot], strict: bool) -> None:
    entries = list[Entry]()
    for lot in lots:
        entries += moved([Part(lot.lot_id, lot.active)], Account.ACTIVE, Account.EXPIRED)
        if strict:
            taken, points = after_all(lot, lot.held)
            entries += [Entry(Account.HELD, -lot.held, lot.lot_id), *taken]
            entries.append(Entry(Account.EXPIRED, points, lot.lot_id))
    if strict:
        gone = {lot.lot_id for lot in lots if lot.held}
        for hold in wallet.open_holds():
            wallet.keep(_without(hold, gone))
    wallet.post(Kind.EXPIRED, entries, lots[0].expires)


def _without(hold: Hold, lot_ids: Set[str]) -> Hold:
    """A hold of which nothing is left is over: an open one always has points."""
    parts = tuple(part for part in hold.parts if part.lot_id not in lot_ids)
    return replace(hold, parts=parts, state=hold.state if parts else HoldState.TIMED_OUT)


_HAPPENS: tuple[Callable[[Wallet, Sequence[str]], None], ...] = (_activate, _time_out, _expire)
