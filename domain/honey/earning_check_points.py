"""What is wrong with how many points a rule gives."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from domain.honey.earning_awards import (
    Award,
    FixedPoints,
    ForHolders,
    Multiplier,
    ProportionalPoints,
    combined,
    exact_points,
)
from domain.honey.earning_rules import EarningRule
from domain.shared.errors import FieldViolation
from domain.shared.money import MAX_AMOUNT

MOST_AT_ONCE = 10**14
"""Points that one rule can give for one event, whatever is paid: fifty such are below 2^53."""
MOST_MULTIPLIERS = 16
MOST_IDS = 50
LARGEST_FACTOR = 100
FINEST_FACTOR = 10_000
"""It is a whole number of parts of so many: four decimal places."""

CURRENCY = re.compile(r"[A-Z]{3}")


def award(given: Award, at: str) -> Iterator[FieldViolation]:
    match given:
        case FixedPoints(points):
            yield from bounded(f"{at}.fixed_points", points, MOST_AT_ONCE)
        case ProportionalPoints(points, per_minor, currency):
            yield from bounded(f"{at}.proportional.points", points, MOST_AT_ONCE)
            yield from bounded(f"{at}.proportional.per_minor", per_minor, MAX_AMOUNT)
            if not CURRENCY.fullmatch(currency):
                yield FieldViolation(
                    f"{at}.proportional.currency", "MALFORMED", "three capitals, such as CNY"
                )


def multipliers(given: Sequence[Multiplier], at: str) -> Iterator[FieldViolation]:
    if len(given) > MOST_MULTIPLIERS:
        yield FieldViolation(at, "TOO_MANY", f"at most {MOST_MULTIPLIERS}")
    for place, multiplier in enumerate(given):
        one = f"{at}[{place}]"
        # Below one it would be no bonus, and SUM_OF_BONUS could come to less than nothing.
        if not 1 <= multiplier.factor <= LARGEST_FACTOR or FINEST_FACTOR % multiplier.factor.denominator:
            description = f"lies between 1 and {LARGEST_FACTOR}, in steps of 1/{FINEST_FACTOR}"
            yield FieldViolation(f"{one}.factor", "OUT_OF_BOUNDS", description)
        when = multiplier.when
        if isinstance(when, ForHolders):
            yield from some_ids(f"{one}.for_holders.sku_ids", when.sku_ids)
            continue
        if not when.campaign_id:
            yield FieldViolation(f"{one}.for_campaign.campaign_id", "REQUIRED", "names the campaign")
        if when.starts >= when.ends:
            yield FieldViolation(
                f"{one}.for_campaign.end_time", "NOT_AFTER_START_TIME", "lies after `start_time`"
            )


def size(rule: EarningRule, at: str) -> Iterator[FieldViolation]:
    """With all multipliers on the largest amount."""
    if isinstance(rule.award, ProportionalPoints) and rule.award.per_minor < 1:
        return
    factor = combined(rule.combination, [max(each.factor, Fraction(1)) for each in rule.multipliers])
    most = exact_points(rule.award, MAX_AMOUNT) * factor
    # A number that is too large by itself has been told already.
    if rule.award.points <= MOST_AT_ONCE < most:
        paid = "" if isinstance(rule.award, FixedPoints) else f" for {MAX_AMOUNT} minor units"
        description = (
            f"all its multipliers together would give {int(most)} points{paid}; at most {MOST_AT_ONCE}"
        )
        yield FieldViolation(at, "TOO_MUCH", description)


def bounded(field: str, value: int, most: int) -> Iterator[FieldViolation]:
    if not 1 <= value <= most:
        yield FieldViolation(field, "OUT_OF_BOUNDS", f"lies between 1 and {most}")


def some_ids(field: str, ids: frozenset[str]) -> Iterator[FieldViolation]:
    if not 1 <= len(ids) <= MOST_IDS:
        yield FieldViolation(field, "OUT_OF_BOUNDS", f"has 1 to {MOST_IDS} entries")
    if "" in ids:
        yield FieldViolation(field, "MALFORMED", "has no empty entry")
