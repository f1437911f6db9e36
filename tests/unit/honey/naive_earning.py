"""A second way to evaluate events, as simple as can be, in a zone 8 hours ahead of UTC.

Points are counted one by one, days are walked one by one, and what is left of a cap is found by looking
through all that ever happened.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from domain.honey.earning_awards import Combination, FixedPoints, ForHolders
from domain.honey.earning_caps import Cap, Over, Scope
from domain.honey.earning_conditions import ChannelIn, HoldsAnyOf, HoldsNoneOf, MerchantIn, PaidBetween
from domain.honey.earning_events import Event
from domain.honey.earning_expiry import FixedDates, Rolling
from domain.honey.earning_rules import EarningRule, Mode, QuotedAt, Scene
from domain.shared.instants import Period

ZONE = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Happened:
    """Points that a rule gave, and how many of them were taken back when."""

    event: Event
    rule: EarningRule
    points: int
    active_from: int
    expires: int | None
    taken_back: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class NaiveProgramme:
    """Knows nothing of counters."""

    scene: Scene
    happened: list[Happened] = field(default_factory=list)

    def record(self, event: Event, held: tuple[set[str], set[str]], now: int) -> dict[str, tuple[str, int]]:
        """Rule id → what it says and how many points it gives; `held` when ordered and when it happened."""
        said = {rule.rule_id: self._alone(rule, event, held, now) for rule in self.scene.rules}
        matched = [rule_id for rule_id, (outcome, _) in said.items() if outcome in MATCHED]
        if self.scene.mode is Mode.FIRST_MATCH:
            for rule_id in matched[1:]:
                said[rule_id] = ("NOT_REACHED", 0)
        if self.scene.mode is Mode.BEST and matched:
            most = max(said[rule_id][1] for rule_id in matched)
            best = next(rule_id for rule_id in matched if said[rule_id][1] == most)
            for rule_id in matched:
                if rule_id != best:
                    said[rule_id] = ("BEATEN", 0)
        for rule in self.scene.rules:
            points = said[rule.rule_id][1]
            if points:
                self.happened.append(Happened(event, rule, points, *_life(rule, event)))
        return said

    def used(self, rule_id: str, cap: Cap, member_id: str, at: int) -> int:
        """Earned in the window of an instant, less what was taken back in it."""
        label, used = _label(cap.window.value, at), 0
        for each in self.happened:
            is_theirs = cap.scope is Scope.EVERYBODY or each.event.member_id == member_id
            if (
                each.rule.rule_id == rule_id
                and is_theirs
                and _label(cap.window.value, each.event.occurred) == label
            ):
                used += each.points
                used -= sum(
                    points for when, points in each.taken_back if _label(cap.window.value, when) == label
                )
        return used

    def _alone(
        self, rule: EarningRule, event: Event, held: tuple[set[str], set[str]], now: int
    ) -> tuple[str, int]:
        by_order = rule.quoted_at is QuotedAt.ORDER and event.ordered is not None
        quoted = event.ordered if by_order and event.ordered is not None else event.occurred
        skus = held[0] if by_order else held[1]
        if quoted < rule.starts or quoted >= rule.ends:
            return "NOT_IN_FORCE", 0
        if not _matches(rule, event, skus):
            return "NOT_MATCHED", 0
        if self._cools(rule, event):
            return "COOLING_DOWN", 0
        active_from, expires = _life(rule, event)
        if expires is not None and expires <= max(active_from, now):
            return "TOO_LATE", 0
        uncapped = _counted(rule, event, skus, quoted)
        return self._capped(rule, event, uncapped) if uncapped else ("NOTHING", 0)

    def _cools(self, rule: EarningRule, event: Event) -> bool:
        for each in self.happened:
            if (
                each.rule.rule_id == rule.rule_id
                and each.event.member_id == event.member_id
                and rule.cooldown
            ):
                early, late = sorted([each.event.occurred, event.occurred])
                if _to_instant(_later(_local(early), rule.cooldown)) > late:
                    return True
        return False

    def _capped(self, rule: EarningRule, event: Event, uncapped: int) -> tuple[str, int]:
        def full(cap: Cap, points: int) -> bool:
            used = 0
            if cap.window.value != "EVENT":
                used = self.used(rule.rule_id, cap, event.member_id, event.occurred)
            return used + points > cap.points

        points, stopped_by = 0, None
        while points < uncapped and not stopped_by:
            stopping = [cap for cap in rule.caps if cap.over is Over.CUT and full(cap, points + 1)]
            stopped_by = stopping[0] if stopping else None
            points += 0 if stopped_by else 1
        if any(cap.over is Over.REJECT and full(cap, points) for cap in rule.caps):
            return "REJECTED_BY_CAP", 0
        if stopped_by and not points:
            return "OUT_OF_BUDGET" if stopped_by.scope is Scope.EVERYBODY else "CAPPED", 0
        return "CAPPED" if stopped_by else "EARNED", points


MATCHED = ("EARNED", "CAPPED", "NOTHING", "REJECTED_BY_CAP", "OUT_OF_BUDGET")


def _matches(rule: EarningRule, event: Event, skus: set[str]) -> bool:
    paid = sum(item.paid for item in event.items)
    met = []
    for condition in rule.conditions:
        if isinstance(condition, HoldsAnyOf):
            met.append(any(sku in skus for sku in condition.sku_ids))
        elif isinstance(condition, HoldsNoneOf):
            met.append(all(sku not in skus for sku in condition.sku_ids))
        elif isinstance(condition, ChannelIn):
            met.append(event.channel in condition.channels)
        elif isinstance(condition, MerchantIn):
            met.append(event.merchant_id in condition.merchant_ids)
        elif isinstance(condition, PaidBetween):
            met.append(event.currency == condition.currency)
            met.append(paid in range(condition.least, condition.most + 1))
    return all(met) and (isinstance(rule.award, FixedPoints) or rule.award.currency == event.currency)


def _counted(rule: EarningRule, event: Event, skus: set[str], quoted: int) -> int:
    """The most points that the money is worth: found by trying one more and one more."""
    over, under = _factor(rule, skus, quoted)
    award, worth, price = rule.award, 0, 1
    if isinstance(award, FixedPoints):
        worth = award.points
    else:
        for item in event.items:
            worth += award.points * item.paid
        price = award.per_minor
    points = 0
    while (points + 1) * price * under <= worth * over:
        points += 1
    return points


def _factor(rule: EarningRule, skus: set[str], quoted: int) -> tuple[int, int]:
    """As a numerator and a denominator; all factors of the tests are in hundredths."""
    hundredths = []
    for each in rule.multipliers:
        when = each.when
        if isinstance(when, ForHolders):
            applies = any(sku in skus for sku in when.sku_ids)
        else:
            applies = quoted in range(when.starts, when.ends)
        if applies:
            hundredths.append(each.factor.numerator * 100 // each.factor.denominator)
    if rule.combination is Combination.MAX:
        return max([100, *hundredths]), 100
    if rule.combination is Combination.SUM_OF_BONUS:
        return 100 + sum(each - 100 for each in hundredths), 100
    over, under = 1, 1
    for factor in hundredths:
        over, under = over * factor, under * 100
    return over, under


def _life(rule: EarningRule, event: Event) -> tuple[int, int | None]:
    begin = _local(event.occurred)
    if rule.return_window:
        begin = _later(begin, rule.return_window)
    active_from = _to_instant(begin)
    if rule.expiry is None:
        return active_from, None
    if isinstance(rule.expiry, FixedDates):
        for date in rule.expiry.dates:
            if begin.date() <= date:
                return active_from, _to_instant(datetime(date.year, date.month, date.day, tzinfo=ZONE) + DAY)
        return active_from, active_from
    if isinstance(rule.expiry, Rolling):
        return active_from, _to_instant(_turn(_later(begin, rule.expiry.period), rule.expiry.end_of.value))
    today = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    return active_from, _to_instant(_later(today, rule.expiry.period) + DAY)


DAY = timedelta(days=1)


def _turn(at: datetime, end_of: str) -> datetime:
    """Walks through the days until one of them is the first of its month, quarter or year."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < at or not _is_first(day, end_of):
        day += DAY
    return day


def _is_first(day: datetime, end_of: str) -> bool:
    months = {"MONTH": range(1, 13), "QUARTER": (1, 4, 7, 10), "YEAR": (1,)}
    return end_of == "DAY" or (day.day == 1 and day.month in months[end_of])


def _later(at: datetime, period: Period) -> datetime:
    unit, count = period.unit.value, period.count
    if unit in ("HOUR", "DAY"):
        return at + timedelta(hours=count * (1 if unit == "HOUR" else 24))
    year, month, day = at.year, at.month, at.day
    for _ in range(count * (12 if unit == "YEAR" else 1)):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    while True:
        try:
            return at.replace(year=year, month=month, day=day)
        except ValueError:
            day -= 1


def _label(window: str, at: int) -> object:
    """What instants of one window have in common."""
    day = _local(at).date()
    return {
        "EVENT": at,
        "DAY": day,
        "WEEK": day.isocalendar()[:2],
        "MONTH": (day.year, day.month),
        "QUARTER": (day.year, (day.month + 2) // 3),
        "YEAR": day.year,
        "LIFETIME": "all",
    }[window]


def _local(at: int) -> datetime:
    return (EPOCH + timedelta(microseconds=at)).astimezone(ZONE)


def _to_instant(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
