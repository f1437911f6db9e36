"""What Honey says when it says no."""

from domain.honey.holds import Hold
from domain.shared.errors import NotFound, Refused


def insufficient_points(wanted: int, active: int) -> Refused:
    return Refused(
        "INSUFFICIENT_POINTS",
        f"{wanted} points are wanted, {active} can be spent",
        wanted=str(wanted),
        active=str(active),
    )


def hold_not_found(hold_id: str) -> NotFound:
    return NotFound("HOLD_NOT_FOUND", "there is no such hold", hold_id=hold_id)


def hold_not_open(hold: Hold) -> Refused:
    return Refused(
        "HOLD_NOT_OPEN", f"the hold is {hold.state.value}", hold_id=hold.hold_id, state=hold.state.value
    )


def more_than_held(hold: Hold, wanted: int) -> Refused:
    return Refused(
        "MORE_THAN_HELD",
        f"{wanted} points are wanted, {hold.points} are held",
        hold_id=hold.hold_id,
        wanted=str(wanted),
        held=str(hold.points),
    )


def more_than_spent(wanted: int, left: int) -> Refused:
    return Refused(
        "MORE_THAN_SPENT",
        f"{wanted} points are to come back, {left} of the spend are left",
        wanted=str(wanted),
        left=str(left),
    )


def more_than_earned(wanted: int, left: int) -> Refused:
    return Refused(
        "MORE_THAN_EARNED",
        f"{wanted} points are to be taken back, {left} of the earning are left",
        wanted=str(wanted),
        left=str(left),
    )


def more_than_ordered(item_id: str, wanted: int, left: int) -> Refused:
    return Refused(
        "MORE_THAN_ORDERED",
        f"{wanted} minor units of item {item_id} are to be refunded, {left} are left",
        item_id=item_id,
        wanted=str(wanted),
        left=str(left),
    )


def too_many_holds(limit: int) -> Refused:
    return Refused(
        "TOO_MANY_HOLDS", f"the wallet has {limit} open holds, which is the limit", limit=str(limit)
    )


def insufficient_credit(merchant_id: str, wanted: int, credit: int) -> Refused:
    return Refused(
        "INSUFFICIENT_CREDIT",
        f"{wanted} points are to be granted at the merchant's cost, whose credit is {credit}",
        merchant_id=merchant_id,
        wanted=str(wanted),
        credit=str(credit),
    )


def programme_not_found(programme_id: str) -> NotFound:
    return NotFound("PROGRAMME_NOT_FOUND", "there is no such programme", programme_id=programme_id)


def no_tiers(programme_id: str) -> Refused:
    return Refused("NO_TIERS", "the programme has no tiers", programme_id=programme_id)


def task_not_found(task_id: str) -> NotFound:
    return NotFound("TASK_NOT_FOUND", "the programme has no such task", task_id=task_id)


def transaction_not_found(transaction_id: str) -> NotFound:
    return NotFound(
        "TRANSACTION_NOT_FOUND",
        "the wallet has no such earning or spend",
        transaction_id=transaction_id,
    )


def wallet_full(limit: int) -> Refused:
    return Refused("WALLET_FULL", f"a wallet can have had {limit} points", limit=str(limit))


def rules_not_found(revision: int) -> NotFound:
    return NotFound("RULES_NOT_FOUND", "no rules were applied with this revision", revision=str(revision))


def more_than_expired(wanted: int, expired: int) -> Refused:
    return Refused(
        "MORE_THAN_EXPIRED",
        f"{wanted} points are to come back, {expired} have expired",
        wanted=str(wanted),
        expired=str(expired),
    )
