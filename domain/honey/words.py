"""Parts of rules in words, for operators who look at a change before they apply it."""

from collections.abc import Collection
from enum import StrEnum
from fractions import Fraction

from domain.honey.earning_awards import FixedPoints, ForCampaign, ForHolders, Multiplier, ProportionalPoints
from domain.honey.earning_caps import Cap
from domain.honey.earning_conditions import ChannelIn, HoldsAnyOf, HoldsNoneOf, MerchantIn, PaidBetween
from domain.honey.earning_expiry import FixedDates, Rolling, Sliding
from domain.honey.programme import WaiveBudget
from domain.honey.task_rules import Benefit, MembershipDays, Paid, Points, Times
from domain.honey.tier_rules import CalendarYear, RollingMonths
from domain.shared.instants import SECOND, Instant, Period, to_datetime


def words(value: object) -> str:
    """What a field says."""
    match value:
        case None | "" | ():
            return "none"
        case tuple():
            return "; ".join(words(each) for each in value)
        case StrEnum() | int() | str():
            return str(value)
        case Period(count, unit):
            return f"{count} {unit}"
        case FixedPoints(points) | Points(points, None):
            return f"{points} points"
        case Points(points, expiry):
            return f"{points} points, {words(expiry)}"
        case WaiveBudget(points, window):
            return f"{points} points by {window}"
        case Rolling() | FixedDates() | Sliding():
            return _expiry(value)
        case Times() | Paid() | Benefit() | MembershipDays() | CalendarYear() | RollingMonths():
            return _task_or_tier(value)
        case _:
            return _earning(value)


def moment(at: Instant) -> str:
    """In UTC."""
    return to_datetime(at).isoformat().replace("+00:00", "Z")


def seconds(microseconds: int) -> str:
    return f"{Fraction(microseconds, SECOND)} s"


def _earning(value: object) -> str:
    match value:
        case ProportionalPoints(points, per_minor, currency):
            return f"{points} points for {per_minor} minor {currency}"
        case Multiplier(factor, ForHolders(sku_ids)):
            return f"{float(factor):.10g} times for holders of {_any(sku_ids)}"
        case Multiplier(factor, ForCampaign(campaign_id, starts, ends)):
            return f"{float(factor):.10g} times for {campaign_id} from {moment(starts)} to {moment(ends)}"
        case Cap(points, window, scope, over):
            return f"{points} points by {window} and {scope}, then {over}"
        case HoldsAnyOf(sku_ids):
            return f"holds {_any(sku_ids)}"
        case HoldsNoneOf(sku_ids):
            return f"does not hold {_any(sku_ids)}"
        case ChannelIn(channels):
            return f"channel is {_any(channels)}"
        case MerchantIn(merchant_ids):
            return f"merchant is {_any(merchant_ids)}"
        case PaidBetween(currency, least, most):
            return f"paid {least} to {most} minor {currency}"
    raise TypeError(f"no words for {value}")


def _expiry(value: Rolling | FixedDates | Sliding) -> str:
    match value:
        case Rolling(period, end_of):
            return f"{words(period)} to the end of the {end_of}"
        case Sliding(period):
            return f"{words(period)} after the last activity"
        case FixedDates(dates):
            return f"through {_any([day.isoformat() for day in dates])}"


def _task_or_tier(value: Times | Paid | Benefit | MembershipDays | CalendarYear | RollingMonths) -> str:
    match value:
        case Times(target):
            return f"{target} times"
        case Paid(target, currency, least):
            return f"{target} minor {currency} by events of {least} or more"
        case Benefit(benefit_id):
            return f"benefit {benefit_id}"
        case MembershipDays(sku_id, days):
            return f"{days} days of {sku_id}"
        case CalendarYear():
            return "calendar year"
        case RollingMonths(months):
            return f"{months} months rolling"


def _any(ids: Collection[str]) -> str:
    return " or ".join(sorted(ids))
