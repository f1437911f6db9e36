"""Points come in, and earnings and spends are undone."""

from dataclasses import dataclass

from domain.honey import earning, refusals
from domain.honey.due import opened
from domain.honey.earning_check_parts import sliding
from domain.honey.earning_expiry import slid
from domain.honey.lots import Lot
from domain.honey.merchants import Merchant
from domain.honey.ports import HoneyPorts
from domain.honey.transactions import Kind
from domain.honey.undoing import Undoing
from domain.honey.wallet import Occasion
from domain.honey.wallets import Standing
from domain.shared.doing import Doing
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import Instant, Period


@dataclass(frozen=True, slots=True)
class EarnPoints:
    """A member gets points."""

    wallet_id: str
    transaction_id: str
    points: int
    active_from: Instant | None = None
    """None: at once. In the past counts as at once."""
    expires: Instant | None = None
    """None: never."""
    merchant_id: str = ""
    """Who pays for them; empty: the programme."""
    priority: int = 0
    cause: str = ""
    kind: Kind = Kind.EARNED
    sliding: Period | None = None
    """In the place of `expires`: they live as long as the member is active, in days or longer units."""


@dataclass(frozen=True, slots=True)
class Earned:
    """The lot, and the wallet afterwards."""

    lot: Lot
    standing: Standing


def earn_points(command: EarnPoints, ports: HoneyPorts, doing: Doing) -> Earned:
    """Raises Invalid (life of the points), NotFound (PROGRAMME_NOT_FOUND), Refused (INSUFFICIENT_CREDIT)."""
    occasion = Occasion(command.transaction_id, command.cause)
    wallet = opened(ports, command.wallet_id, doing, occasion)
    active_from = max(command.active_from or wallet.now, wallet.now)
    expires = _expires(command, active_from, wallet.programme.zone)
    if command.merchant_id:
        programme_id = wallet.programme.programme_id
        Merchant(ports, programme_id, command.merchant_id, doing, occasion).grant(command.points)
    lot = Lot(
        lot_id=command.transaction_id,
        wallet_id=command.wallet_id,
        earned=command.points,
        active_from=active_from,
        expires=expires,
        funding=command.merchant_id,
        priority=command.priority,
        cause=command.cause,
        sliding=command.sliding,
    )
    earned = earning.earn(wallet, lot, command.kind)
    return Earned(earned, wallet.close())


def _expires(command: EarnPoints, active_from: Instant, zone: str) -> Instant | None:
    if command.sliding is None:
        if command.expires is not None and command.expires <= active_from:
            description = "after the points become active"
            raise Invalid([FieldViolation("expire_time", "NOT_AFTER", description)])
        return command.expires
    found = list(sliding("sliding", command.sliding))
    if command.expires is not None:
        found.append(FieldViolation("sliding", "ONE_OF", "either this or `expire_time`"))
    if found:
        raise Invalid(found)
    return slid(command.sliding, active_from, zone)


@dataclass(frozen=True, slots=True)
class ReversePoints:
    """An earning or a spend is undone, in full or in part."""

    wallet_id: str
    transaction_id: str
    reversed_id: str
    """The transaction that is undone."""
    points: int | None = None
    """None: all that is left of it."""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Reversed:
    """How many points, how many of them are waived, and the wallet afterwards."""

    points: int
    waived: int
    standing: Standing


def reverse_points(command: ReversePoints, ports: HoneyPorts, doing: Doing) -> Reversed:
    """Raises NotFound (TRANSACTION_NOT_FOUND), Refused (MORE_THAN_SPENT, MORE_THAN_EARNED)."""
    occasion = Occasion(command.transaction_id, command.cause)
    wallet = opened(ports, command.wallet_id, doing, occasion)
    undoing, waived = Undoing(wallet, ports, doing, occasion), 0
    if spent := wallet.spend(command.reversed_id):
        points = _some(spent.points, command.points)
        undoing.spend(spent, points)
    elif (lot := wallet.lot(command.reversed_id)) and not lot.was_transferred:
        points = _some(lot.stands, command.points)
        waived = undoing.earning(lot, points)
    else:
        raise refusals.transaction_not_found(command.reversed_id)
    return Reversed(points, waived, wallet.close())


def _some(left: int, wanted: int | None) -> int:
    return left if wanted is None else wanted
