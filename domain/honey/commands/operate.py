"""Operators set right, points change hands, and what is due happens though nobody asks."""

from dataclasses import dataclass

from domain.honey import earning, refusals, spending, transferring
from domain.honey.accounts import Account
from domain.honey.commands.earn import Earned, EarnPoints, earn_points
from domain.honey.due import opened
from domain.honey.merchants import Merchant
from domain.honey.ports import HoneyPorts
from domain.honey.transactions import Kind
from domain.honey.wallet import BY_ITSELF, Occasion
from domain.honey.wallets import MERCHANT, Standing, owner_of
from domain.shared.doing import Doing
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class AdjustPoints:
    """An operator gives points, or with a negative number takes some; of a merchant: credit."""

    wallet_id: str
    transaction_id: str
    points: int
    expires: Instant | None = None
    """Of points that are given to a member. None: never."""
    cause: str = ""


def adjust_points(command: AdjustPoints, ports: HoneyPorts, doing: Doing) -> Standing:
    """Raises NotFound (PROGRAMME_NOT_FOUND), Refused (INSUFFICIENT_POINTS, INSUFFICIENT_CREDIT)."""
    programme_id, owner = owner_of(command.wallet_id)
    occasion = Occasion(command.transaction_id, command.cause)
    if owner.kind == MERCHANT:
        merchant = Merchant(ports, programme_id, owner.owner_id, doing, occasion)
        merchant.credit(command.points)
        return merchant.wallet.standing
    if command.points > 0:
        given = EarnPoints(
            command.wallet_id,
            command.transaction_id,
            command.points,
            expires=command.expires,
            cause=command.cause,
            kind=Kind.ADJUSTED,
        )
        return earn_points(given, ports, doing).standing
    wallet = opened(ports, command.wallet_id, doing, occasion)
    parts = spending.burnable(wallet, -command.points)
    wallet.post(Kind.ADJUSTED, spending.moved(parts, Account.ACTIVE, Account.REVERSED))
    return wallet.close()


@dataclass(frozen=True, slots=True)
class ReinstatePoints:
    """An operator gives expired points back."""

    wallet_id: str
    transaction_id: str
    lot_id: str
    expires: Instant
    points: int | None = None
    """None: all that has expired of the lot."""


def reinstate_points(command: ReinstatePoints, ports: HoneyPorts, doing: Doing) -> Earned:
    """Raises Invalid (expire_time), NotFound (TRANSACTION_NOT_FOUND), Refused (MORE_THAN_EXPIRED)."""
    wallet = opened(ports, command.wallet_id, doing, Occasion(command.transaction_id))
    if command.expires <= wallet.now:
        raise Invalid([FieldViolation("expire_time", "NOT_AFTER", "in the future")])
    lot = wallet.lot(command.lot_id)
    if lot is None:
        raise refusals.transaction_not_found(command.lot_id)
    wanted = (lot.expired or 1) if command.points is None else command.points
    return Earned(earning.reinstate(wallet, lot, wanted, command.expires), wallet.close())


@dataclass(frozen=True, slots=True)
class TransferPoints:
    """Points go from one member to another in the same programme."""

    wallet_id: str
    target_wallet_id: str
    transaction_id: str
    points: int
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Transferred:
    """Both wallets afterwards."""

    source: Standing
    target: Standing


def transfer_points(command: TransferPoints, ports: HoneyPorts, doing: Doing) -> Transferred:
    """Raises Invalid (to oneself), NotFound (PROGRAMME_NOT_FOUND), Refused (INSUFFICIENT_POINTS)."""
    if command.wallet_id == command.target_wallet_id:
        raise Invalid([FieldViolation("target_member_id", "SAME_WALLET", "another member's")])
    occasion = Occasion(command.transaction_id, command.cause)
    source = opened(ports, command.wallet_id, doing, occasion)
    target = opened(ports, command.target_wallet_id, doing, occasion)
    transferring.transfer(source, target, command.transaction_id, command.points)
    return Transferred(source.close(), target.close())


@dataclass(frozen=True, slots=True)
class CatchUp:
    """What is due in a wallet happens."""

    wallet_id: str


def catch_up(command: CatchUp, ports: HoneyPorts, doing: Doing) -> Standing:
    """Raises NotFound (PROGRAMME_NOT_FOUND)."""
    return opened(ports, command.wallet_id, doing, BY_ITSELF).close()
