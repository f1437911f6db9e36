"""What moves points by one request, alone or as one of many: the same write either way."""

from typing import Any, NamedTuple

from google.protobuf.message import Message

from domain.honey.commands import earn, spend
from domain.shared.errors import DomainError
from domain.shared.instants import Instant
from nectary.honey.v1 import wallet_service_pb2 as pb
from servers.honey import asking
from servers.honey.wire import wallets as wire
from servers.store.writes import Write, write_of

_SERVICE = f"/{pb.DESCRIPTOR.services_by_name['WalletService'].full_name}"


def earning(request: pb.EarnPointsRequest) -> Write:
    command = asking.earning_of(request)

    def answer(result: earn.Earned, now: Instant) -> Message:
        return pb.EarnPointsResponse(
            transaction_id=command.transaction_id,
            lot=wire.lot(result.lot),
            balance=wire.balance(result.standing, now),
        )

    return write_of(request, earn.earn_points, command, answer, f"{_SERVICE}/EarnPoints")


def spending(request: pb.SpendPointsRequest) -> Write:
    command = asking.spending_of(request)

    def answer(result: spend.Spent, now: Instant) -> Message:
        return pb.SpendPointsResponse(
            transaction_id=command.transaction_id,
            lots=wire.lot_points(result.spend.parts),
            balance=wire.balance(result.standing, now),
        )

    return write_of(request, spend.spend_points, command, answer, f"{_SERVICE}/SpendPoints")


def reversal(request: pb.ReversePointsRequest) -> Write:
    command = asking.reversal_of(request)

    def answer(result: earn.Reversed, now: Instant) -> Message:
        return pb.ReversePointsResponse(
            transaction_id=command.transaction_id,
            points=result.points,
            waived_points=result.waived,
            balance=wire.balance(result.standing, now),
        )

    return write_of(request, earn.reverse_points, command, answer, f"{_SERVICE}/ReversePoints")


class _Kind(NamedTuple):
    """How one of many is written, and what its outcome is called."""

    write: Any
    outcome: str
    response: Any


_KINDS = {
    "earn": _Kind(earning, "earned", pb.EarnPointsResponse),
    "spend": _Kind(spending, "spent", pb.SpendPointsResponse),
    "reverse": _Kind(reversal, "reversed", pb.ReversePointsResponse),
}


def posting(one: pb.Posting) -> Write:
    """The write of one of many."""
    name = one.WhichOneof("post")
    assert name, "validation has refused one that is nothing"
    write: Write = _KINDS[name].write(getattr(one, name))
    return write


def outcome(one: pb.Posting, answered: bytes | BaseException) -> pb.PostingOutcome:
    """What became of it. Raises what is no refusal."""
    if isinstance(answered, DomainError):
        return pb.PostingOutcome(
            refusal=pb.PostingRefusal(
                reason=answered.reason,
                message=answered.message,
                metadata=answered.metadata,
                retryable=not answered.permanent,
            )
        )
    if isinstance(answered, BaseException):
        raise answered
    kind = _KINDS[str(one.WhichOneof("post"))]
    return pb.PostingOutcome(**{kind.outcome: kind.response.FromString(answered)})
