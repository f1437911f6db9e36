"""Points go out: at once, or set aside first and spent when it is certain."""

from dataclasses import dataclass

from domain.honey import holding, spending
from domain.honey.due import opened
from domain.honey.holds import Hold
from domain.honey.merchants import Merchant
from domain.honey.ports import HoneyPorts
from domain.honey.spends import Spend
from domain.honey.wallet import Occasion
from domain.honey.wallets import Standing, owner_of
from domain.shared.doing import Doing
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import SECOND, Instant


@dataclass(frozen=True, slots=True)
class SpendPoints:
    """A member spends points."""

    wallet_id: str
    transaction_id: str
    points: int
    merchant_id: str = ""
    """Who is paid with them; empty: the programme."""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What was taken, and the wallet afterwards."""

    spend: Spend
    standing: Standing


def spend_points(command: SpendPoints, ports: HoneyPorts, doing: Doing) -> Spent:
    """Raises NotFound (PROGRAMME_NOT_FOUND), Refused (INSUFFICIENT_POINTS)."""
    occasion = Occasion(command.transaction_id, command.cause)
    wallet = opened(ports, command.wallet_id, doing, occasion)
    spent = spending.spend(wallet, command.transaction_id, command.points, command.merchant_id)
    _pay(spent, ports, doing, occasion)
    return Spent(spent, wallet.close())


@dataclass(frozen=True, slots=True)
class HoldPoints:
    """Points are set aside."""

    wallet_id: str
    transaction_id: str
    """Also of the hold."""
    points: int
    expires: Instant | None = None
    """None: after the programme's longest hold."""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A hold, and the wallet afterwards."""

    hold: Hold
    standing: Standing


def hold_points(command: HoldPoints, ports: HoneyPorts, doing: Doing) -> Held:
    """Raises Invalid (expire_time), NotFound (PROGRAMME_NOT_FOUND), and what `holding.hold` raises."""
    occasion = Occasion(command.transaction_id, command.cause)
    wallet = opened(ports, command.wallet_id, doing, occasion)
    latest = wallet.now + wallet.programme.longest_hold
    expires = latest if command.expires is None else command.expires
    if not wallet.now < expires <= latest:
        longest = wallet.programme.longest_hold // SECOND
        description = f"in the future, and within {longest} seconds, the programme's longest hold"
        raise Invalid([FieldViolation("expire_time", "OUT_OF_RANGE", description)])
    return Held(holding.hold(wallet, command.transaction_id, command.points, expires), wallet.close())


@dataclass(frozen=True, slots=True)
class ConfirmHold:
    """A hold becomes a spend."""

    wallet_id: str
    transaction_id: str
    hold_id: str
    points: int | None = None
    """None: all of it. Of less the rest is released."""
    merchant_id: str = ""
    """Who is paid with them; empty: the programme."""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The hold, what was spent, and the wallet afterwards."""

    hold: Hold
    spend: Spend
    standing: Standing


def confirm_hold(command: ConfirmHold, ports: HoneyPorts, doing: Doing) -> Confirmed:
    """Raises what `holding.confirm` raises."""
    occasion = Occasion(command.transaction_id, command.cause)
    wallet = opened(ports, command.wallet_id, doing, occasion)
    hold, spent = holding.confirm(
        wallet, command.hold_id, command.transaction_id, command.points, command.merchant_id
    )
    _pay(spent, ports, doing, occasion)
    return Confirmed(hold, spent, wallet.close())


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """A hold is let go."""

    wallet_id: str
    transaction_id: str
    hold_id: str


def release_hold(command: ReleaseHold, ports: HoneyPorts, doing: Doing) -> Held:
    """Raises what `holding.release` raises."""
    wallet = opened(ports, command.wallet_id, doing, Occasion(command.transaction_id))
    return Held(holding.release(wallet, command.hold_id), wallet.close())


def _pay(spent: Spend, ports: HoneyPorts, doing: Doing, occasion: Occasion) -> None:
    if spent.merchant_id:
        programme_id, _ = owner_of(spent.wallet_id)
        Merchant(ports, programme_id, spent.merchant_id, doing, occasion).redeem(spent.points)
