"""What may be wrong with the tiers of a programme."""

from collections.abc import Iterator

from domain.honey.earning import MOST
from domain.honey.tier_rules import Downgrade, RollingMonths, TierRules
from domain.shared.errors import FieldViolation
from domain.shared.instants import Unit

MOST_TIERS = 20
LONGEST_ID = 36
MOST_MONTHS = 36
_DAYS = {Unit.DAY: 1, Unit.MONTH: 31}
"""How long at most a unit of grace is."""


def violations(before: TierRules | None, rules: TierRules, path: str) -> list[FieldViolation]:
    """Everything that is wrong with new ones, with paths below `path`; `before`: those in force, if any.

    The zone is the programme's to check.
    """
    found = [*_ladder(rules), *_kept(before, rules), *_times(rules)]
    return [FieldViolation(f"{path}.{field}", reason, description) for field, reason, description in found]


Found = tuple[str, str, str]
"""The field, the reason, and the description."""


def _ladder(rules: TierRules) -> Iterator[Found]:
    if not 1 <= len(rules.tiers) <= MOST_TIERS:
        yield "tiers", "OUT_OF_BOUNDS", f"has 1 to {MOST_TIERS} entries"
    seen, below = set[str](), -1
    for rung, tier in enumerate(rules.tiers):
        at = f"tiers[{rung}]"
        if not 1 <= len(tier.tier_id) <= LONGEST_ID:
            yield f"{at}.tier_id", "OUT_OF_BOUNDS", f"has 1 to {LONGEST_ID} characters"
        if tier.tier_id in seen:
            yield f"{at}.tier_id", "TWICE", "there is another of this id"
        seen.add(tier.tier_id)
        if rung == 0 and tier.threshold != 0:
            yield f"{at}.threshold", "NOT_ZERO", "is 0: everybody has the first tier"
        elif rung and tier.threshold <= below:
            yield f"{at}.threshold", "NOT_ASCENDING", "is more than that of the tier before"
        if tier.threshold > MOST:
            yield f"{at}.threshold", "OUT_OF_BOUNDS", f"is at most {MOST}"
        below = tier.threshold


def _kept(before: TierRules | None, rules: TierRules) -> Iterator[Found]:
    known = {tier.tier_id for tier in before.tiers} if before else set[str]()
    for gone in sorted(known - {tier.tier_id for tier in rules.tiers}):
        yield "tiers", "TIER_LEFT_OUT", f"{gone} is missing: members may have been promised it"


def _times(rules: TierRules) -> Iterator[Found]:
    months = rules.window.months if isinstance(rules.window, RollingMonths) else 12
    if not 1 <= months <= MOST_MONTHS:
        yield "window.rolling_months", "OUT_OF_BOUNDS", f"lies between 1 and {MOST_MONTHS}"
    if rules.grace.unit not in _DAYS:
        yield "grace", "UNIT_NOT_ALLOWED", "is counted in days or months"
    elif not 0 <= rules.grace.count * _DAYS[rules.grace.unit] < months * 28:
        # So that a grace is over before the next one can begin.
        yield "grace", "OUT_OF_BOUNDS", "is shorter than a period, counted as 28 days a month"
    if rules.downgrade is Downgrade.NONE and rules.grace.count:
        yield "grace", "NOTHING_TO_PUT_OFF", "is 0 where no tier is ever lost"
