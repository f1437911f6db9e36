"""Conditions on the wire."""

from collections.abc import Iterable

from domain.honey.earning_conditions import (
    ChannelIn,
    Condition,
    HoldsAnyOf,
    HoldsNoneOf,
    MerchantIn,
    PaidBetween,
)
from domain.shared.money import MAX_AMOUNT
from nectary.honey.v1 import conditions_pb2 as pb


def conditions(own: Iterable[Condition]) -> list[pb.Condition]:
    return [_condition(each) for each in own]


def own_conditions(messages: Iterable[pb.Condition]) -> tuple[Condition, ...]:
    return tuple(_own_condition(each) for each in messages)


def _condition(own: Condition) -> pb.Condition:
    match own:
        case HoldsAnyOf(sku_ids):
            return pb.Condition(holds_any_of=pb.HoldsAnyOf(sku_ids=sorted(sku_ids)))
        case HoldsNoneOf(sku_ids):
            return pb.Condition(holds_none_of=pb.HoldsNoneOf(sku_ids=sorted(sku_ids)))
        case ChannelIn(channels):
            return pb.Condition(channel_in=pb.ChannelIn(channels=sorted(channels)))
        case MerchantIn(merchant_ids):
            return pb.Condition(merchant_in=pb.MerchantIn(merchant_ids=sorted(merchant_ids)))
        case PaidBetween(currency, least, most):
            upper = None if most == MAX_AMOUNT else most
            return pb.Condition(
                paid_between=pb.PaidBetween(currency=currency, least_minor=least, most_minor=upper)
            )


def _own_condition(message: pb.Condition) -> Condition:
    match message.WhichOneof("condition"):
        case "holds_any_of":
            return HoldsAnyOf(frozenset(message.holds_any_of.sku_ids))
        case "holds_none_of":
            return HoldsNoneOf(frozenset(message.holds_none_of.sku_ids))
        case "channel_in":
            return ChannelIn(frozenset(message.channel_in.channels))
        case "merchant_in":
            return MerchantIn(frozenset(message.merchant_in.merchant_ids))
        case _:
            paid = message.paid_between
            most = paid.most_minor if paid.HasField("most_minor") else MAX_AMOUNT
            return PaidBetween(paid.currency, paid.least_minor, most)
