"""How many points a rule gives, on the wire."""

from fractions import Fraction

from domain.honey.earning_awards import (
    Award,
    Combination,
    FixedPoints,
    ForCampaign,
    ForHolders,
    Multiplier,
    ProportionalPoints,
)
from nectary.honey.v1 import earning_rules_pb2 as pb
from servers.mesh.enum_names import Names
from servers.mesh.timestamps import instant_of, timestamp_of

COMBINATIONS = Names(Combination, pb.Combination)
_PLACES = 4


def award(own: Award) -> pb.Award:
    match own:
        case FixedPoints(points):
            return pb.Award(fixed_points=points)
        case ProportionalPoints(points, per_minor, currency):
            return pb.Award(
                proportional=pb.ProportionalPoints(points=points, per_minor=per_minor, currency=currency)
            )


def own_award(message: pb.Award) -> Award:
    if message.WhichOneof("award") == "fixed_points":
        return FixedPoints(message.fixed_points)
    given = message.proportional
    return ProportionalPoints(given.points, given.per_minor, given.currency)


def multiplier(own: Multiplier) -> pb.Multiplier:
    message = pb.Multiplier(factor=_decimal(own.factor))
    match own.when:
        case ForHolders(sku_ids):
            message.for_holders.sku_ids.extend(sorted(sku_ids))
        case ForCampaign(campaign_id, starts, ends):
            campaign = pb.ForCampaign(
                campaign_id=campaign_id, start_time=timestamp_of(starts), end_time=timestamp_of(ends)
            )
            message.for_campaign.CopyFrom(campaign)
    return message


def own_multiplier(message: pb.Multiplier) -> Multiplier:
    return Multiplier(Fraction(message.factor), _when(message))


def _when(message: pb.Multiplier) -> ForHolders | ForCampaign:
    if message.WhichOneof("when") == "for_holders":
        return ForHolders(frozenset(message.for_holders.sku_ids))
    campaign = message.for_campaign
    return ForCampaign(campaign.campaign_id, instant_of(campaign.start_time), instant_of(campaign.end_time))


def _decimal(factor: Fraction) -> str:
    """Exact: a sound factor has no more places."""
    whole, parts = divmod(factor * 10**_PLACES, 10**_PLACES)
    return f"{whole}.{int(parts):0{_PLACES}}".rstrip("0").rstrip(".")
