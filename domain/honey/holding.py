"""Points are set aside, and then spent, in full or in part, or let go (HO-5, HO-6)."""

from dataclasses import replace

from domain.honey import refusals
from domain.honey.accounts import Account
from domain.honey.holds import Hold, HoldState
from domain.honey.lots import Part
from domain.honey.spending import burnable, come_back, moved, spend_parts
from domain.honey.spends import Spend
from domain.honey.transactions import Kind
from domain.honey.wallet import Wallet
from domain.shared.instants import Instant

MAX_OPEN = 100
"""Holds that a wallet can have open at once: whatever falls due looks at each of them."""


def hold(wallet: Wallet, hold_id: str, points: int, expires: Instant) -> Hold:
    """Pins points of certain lots. Raises Refused (INSUFFICIENT_POINTS, TOO_MANY_HOLDS)."""
    if len(wallet.open_holds()) >= MAX_OPEN:
        raise refusals.too_many_holds(MAX_OPEN)
    parts = tuple(burnable(wallet, points))
    wallet.post(Kind.HELD, moved(parts, Account.ACTIVE, Account.HELD))
    return wallet.keep(Hold(hold_id, wallet.wallet_id, parts, points, wallet.now, expires))


def confirm(
    wallet: Wallet, hold_id: str, transaction_id: str, points: int | None, merchant_id: str = ""
) -> tuple[Hold, Spend]:
    """Spends so many of the pinned points (None: all), in burn order, and lets the rest go.

    Raises NotFound (HOLD_NOT_FOUND) and Refused (HOLD_NOT_OPEN, MORE_THAN_HELD).
    """
    held = _open(wallet, hold_id)
    wanted = held.points if points is None else points
    if wanted > held.points:
        raise refusals.more_than_held(held, wanted)
    taken, rest = _split(held.parts, wanted)
    spent = spend_parts(wallet, transaction_id, taken, Account.HELD, merchant_id)
    confirmed = replace(held, parts=rest, confirmed=wanted)
    return _let_go(wallet, confirmed, Kind.RELEASED, HoldState.CONFIRMED), spent


def release(wallet: Wallet, hold_id: str) -> Hold:
    """Lets all of it go. Raises NotFound (HOLD_NOT_FOUND) and Refused (HOLD_NOT_OPEN)."""
    return _let_go(wallet, _open(wallet, hold_id), Kind.RELEASED, HoldState.RELEASED)


def time_out(wallet: Wallet, held: Hold) -> Hold:
    """Nobody confirmed it in time."""
    return _let_go(wallet, held, Kind.TIMED_OUT, HoldState.TIMED_OUT, held.expires)


def _open(wallet: Wallet, hold_id: str) -> Hold:
    held = wallet.hold(hold_id)
    if held is None:
        raise refusals.hold_not_found(hold_id)
    if not held.is_open:
        raise refusals.hold_not_open(held)
    return held


def _let_go(
    wallet: Wallet, held: Hold, kind: Kind, state: HoldState, fell_due: Instant | None = None
) -> Hold:
    at = wallet.now if fell_due is None else fell_due
    wallet.post(kind, come_back(wallet, held.parts, Account.HELD, at), fell_due)
    return wallet.keep(replace(held, parts=(), state=state))


def _split(parts: tuple[Part, ...], points: int) -> tuple[list[Part], tuple[Part, ...]]:
    """The first so many points, and the rest."""
    taken, rest = list[Part](), list[Part]()
    for part in parts:
        now = min(part.points, points)
        points -= now
        taken += [Part(part.lot_id, now)] if now else []
        rest += [Part(part.lot_id, part.points - now)] if now < part.points else []
    return taken, tuple(rest)
