"""What is wrong with when a rule gives points, how many at most, and for how long."""

from collections import Counter
from collections.abc import Iterator, Sequence

from domain.honey.earning import MOST
from domain.honey.earning_awards import ProportionalPoints
from domain.honey.earning_caps import Cap, Scope
from domain.honey.earning_check_points import CURRENCY, bounded, some_ids
from domain.honey.earning_conditions import (
    ChannelIn,
    Condition,
    HoldsAnyOf,
    HoldsNoneOf,
    MerchantIn,
    PaidBetween,
)
from domain.honey.earning_expiry import ROUNDED_TO, Expiry, FixedDates, Rolling, Sliding
from domain.honey.earning_rules import EarningRule
from domain.honey.windows import Window
from domain.shared.errors import FieldViolation
from domain.shared.instants import Period, Unit
from domain.shared.money import MAX_AMOUNT

MOST_DATES = 50
LONGEST_YEARS = 100
_LONGEST = {
    Unit.HOUR: LONGEST_YEARS * 366 * 24,
    Unit.DAY: LONGEST_YEARS * 366,
    Unit.MONTH: LONGEST_YEARS * 12,
    Unit.YEAR: LONGEST_YEARS,
}


def conditions(rule: EarningRule, at: str) -> Iterator[FieldViolation]:
    for place, condition in enumerate(rule.conditions):
        yield from one_condition(condition, f"{at}[{place}]")
    for kind, count in Counter(type(each).__name__ for each in rule.conditions).items():
        if count > 1:
            yield FieldViolation(at, "TWICE", f"there is another {kind}")
    if _contradict(rule):
        yield FieldViolation(at, "NEVER_MET", "no event can meet all of them")


def limits(caps: Sequence[Cap], at: str) -> Iterator[FieldViolation]:
    for place, cap in enumerate(caps):
        yield from bounded(f"{at}[{place}].points", cap.points, MOST)
        if cap.window is Window.EVENT and cap.scope is Scope.EVERYBODY:
            yield FieldViolation(f"{at}[{place}].scope", "NOT_SHARED", "one event is one member's")
    for (scope, window), count in Counter((cap.scope, cap.window) for cap in caps).items():
        if count > 1:
            yield FieldViolation(at, "TWICE", f"there is another for {scope.value} and {window.value}")


def life(rule: EarningRule, at: str) -> Iterator[FieldViolation]:
    if rule.cooldown:
        yield from _period(f"{at}.cooldown", rule.cooldown)
    if rule.return_window:
        yield from _period(f"{at}.return_window", rule.return_window)
    yield from lasting(rule.expiry, f"{at}.expiry")


def lasting(expiry: Expiry | None, at: str) -> Iterator[FieldViolation]:
    match expiry:
        case Rolling(period, end_of):
            yield from _period(f"{at}.rolling.period", period)
            if end_of not in ROUNDED_TO:
                description = f"one of {', '.join(sorted(ROUNDED_TO))}"
                yield FieldViolation(f"{at}.rolling.end_of", "NOT_ROUNDED", description)
        case Sliding(period):
            yield from sliding(f"{at}.sliding.period", period)
        case FixedDates(dates):
            if not 1 <= len(dates) <= MOST_DATES:
                description = f"has 1 to {MOST_DATES} entries"
                yield FieldViolation(f"{at}.fixed_dates.dates", "OUT_OF_BOUNDS", description)
            if list(dates) != sorted(set(dates)):
                yield FieldViolation(f"{at}.fixed_dates.dates", "NOT_IN_ORDER", "each date once, in order")


def sliding(field: str, period: Period) -> Iterator[FieldViolation]:
    """So long points live after their member was active."""
    yield from _period(field, period)
    if period.unit is Unit.HOUR:
        yield FieldViolation(field, "COUNTED_IN_DAYS", "so many days, or longer units")


def one_condition(condition: Condition, at: str) -> Iterator[FieldViolation]:
    match condition:
        case HoldsAnyOf(ids):
            yield from some_ids(f"{at}.holds_any_of.sku_ids", ids)
        case HoldsNoneOf(ids):
            yield from some_ids(f"{at}.holds_none_of.sku_ids", ids)
        case ChannelIn(ids):
            yield from some_ids(f"{at}.channel_in.channels", ids)
        case MerchantIn(ids):
            yield from some_ids(f"{at}.merchant_in.merchant_ids", ids)
        case PaidBetween(currency, least, most):
            if not CURRENCY.fullmatch(currency):
                yield FieldViolation(
                    f"{at}.paid_between.currency", "MALFORMED", "three capitals, such as CNY"
                )
            if not 0 <= least <= most <= MAX_AMOUNT:
                description = f"0 <= least <= most <= {MAX_AMOUNT}"
                yield FieldViolation(f"{at}.paid_between.most_minor", "OUT_OF_BOUNDS", description)


def _contradict(rule: EarningRule) -> bool:
    wanted = [each.sku_ids for each in rule.conditions if isinstance(each, HoldsAnyOf) and each.sku_ids]
    barred = [each.sku_ids for each in rule.conditions if isinstance(each, HoldsNoneOf)]
    currencies = {each.currency for each in rule.conditions if isinstance(each, PaidBetween)}
    if isinstance(rule.award, ProportionalPoints):
        currencies.add(rule.award.currency)
    return len(currencies) > 1 or any(some <= none for some in wanted for none in barred)


def _period(field: str, period: Period) -> Iterator[FieldViolation]:
    if not 1 <= period.count <= _LONGEST[period.unit]:
        yield FieldViolation(field, "OUT_OF_BOUNDS", f"lies between 1 hour and {LONGEST_YEARS} years")
