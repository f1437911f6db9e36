"""What falls due by itself, at its instant and in a fixed order: activation, then hold time-out, then expiry.

Every command lets everything happen first that is due. So it does not matter when the jobs run, whether they
run twice, or stop in the middle: the entries are the same, with the instants at which they fell due (HO-11).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from domain.honey.accounts import Account
from domain.honey.earning import activate
from domain.honey.holding import time_out
from domain.honey.holds import Hold, HoldState
from domain.honey.lots import Part
from domain.honey.ports import HoneyPorts
from domain.honey.programme import HeldExpiry
from domain.honey.spending import moved
from domain.honey.transactions import Kind
from domain.honey.wallet import Occasion, Wallet
from domain.shared.doing import Doing
from domain.shared.instants import Instant

ACTIVATE, TIME_OUT, EXPIRE = range(3)

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
    for _, what, _, which in sorted(_steps(wallet)):
        _HAPPENS[what](wallet, which)
    wallet.caught_up()


def _steps(wallet: Wallet) -> Iterator[Step]:
    """Also such as will have nothing left to do when their turn comes."""
    for hold in wallet.open_holds():
        if hold.expires <= wallet.now:
            yield hold.expires, TIME_OUT, 0, hold.hold_id
    # A lot whose points are all held is among them: it may get some back, and expire after that.
    for lot in wallet.due_lots():
        if lot.active_from <= wallet.now:
            yield lot.active_from, ACTIVATE, lot.number, lot.lot_id
        if lot.expires is not None and lot.expires <= wallet.now:
            yield lot.expires, EXPIRE, lot.number, lot.lot_id


def _activate(wallet: Wallet, lot_id: str) -> None:
    lot = wallet.own_lot(lot_id)
    if lot.pending:
        activate(wallet, lot, lot.active_from)


def _time_out(wallet: Wallet, hold_id: str) -> None:
    hold = wallet.hold(hold_id)
    if hold is not None and hold.is_open:
        time_out(wallet, hold)


def _expire(wallet: Wallet, lot_id: str) -> None:
    lot = wallet.own_lot(lot_id)
    entries = moved([Part(lot_id, lot.active)], Account.ACTIVE, Account.EXPIRED)
    if wallet.programme.held_expiry is HeldExpiry.STRICT and lot.held:
        entries += moved([Part(lot_id, lot.held)], Account.HELD, Account.EXPIRED)
        for hold in wallet.open_holds():
            wallet.keep(_without(hold, lot_id))
    wallet.post(Kind.EXPIRED, entries, lot.expires)


def _without(hold: Hold, lot_id: str) -> Hold:
    """A hold of which nothing is left is over: an open one always has points."""
    parts = tuple(part for part in hold.parts if part.lot_id != lot_id)
    return replace(hold, parts=parts, state=hold.state if parts else HoldState.TIMED_OUT)


_HAPPENS: tuple[Callable[[Wallet, str], None], ...] = (_activate, _time_out, _expire)
