"""What one rule by itself offers for an event, whatever the other rules of its scene do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.honey.earning_awards import ProportionalPoints, combined
from domain.honey.earning_caps import Cap, Counted, Limited, Over, Scope, Taking, counter_of, limited
from domain.honey.earning_conditions import Quote, unmet
from domain.honey.earning_events import Event
from domain.honey.earning_expiry import expires
from domain.honey.earning_rules import EarningRule
from domain.honey.shares import shares
from domain.honey.verdicts import Basis, Earning, Outcome, Verdict
from domain.honey.windows import Window
from domain.shared.instants import Instant, add


@dataclass(frozen=True, slots=True)
class Situation:
    """What a rule is asked about: an event, and what was known when it came."""

    event: Event
    quote: Quote
    counted: Counted
    earned_at: Sequence[Instant]
    """When events happened by which the member earned by this rule."""
    zone: str
    now: Instant


@dataclass(frozen=True, slots=True)
class Offer:
    """A verdict, and what it gives, if anything."""

    verdict: Verdict
    earning: Earning | None = None


def offer(rule: EarningRule, situation: Situation) -> Offer:
    """By the counters as they stand."""
    for outcome, because in _objections(rule, situation):
        return Offer(_verdict(rule, outcome, because))
    applying = [each.factor for each in rule.multipliers if each.applies(situation.quote)]
    factor = combined(rule.combination, applying)
    uncapped = rule.points(situation.event.paid, factor)
    if not uncapped:
        return Offer(_verdict(rule, Outcome.NOTHING, "less than one point"))
    kept = _limited(rule, uncapped, situation)
    verdict = _told(rule, factor, uncapped, kept)
    return Offer(verdict, _earning(rule, factor, kept, situation) if kept.points else None)


def _objections(rule: EarningRule, situation: Situation) -> Iterator[tuple[Outcome, str]]:
    """Why it gives nothing, the first reason first."""
    event, quote, zone = situation.event, situation.quote, situation.zone
    if not rule.starts <= quote.at < rule.ends:
        yield Outcome.NOT_IN_FORCE, "not in force then"
    if because := _mismatch(rule, event, quote):
        yield Outcome.NOT_MATCHED, because
    if any(_is_near(rule, event.occurred, other, zone) for other in situation.earned_at):
        yield Outcome.COOLING_DOWN, "earned by it too short a time before or after"
    active_from, ends = _life(rule, event, zone)
    if ends is not None and ends <= max(active_from, situation.now):
        yield Outcome.TOO_LATE, "the points would have expired before they could be spent"


def _mismatch(rule: EarningRule, event: Event, quote: Quote) -> str:
    """Why the rule is not for this event; empty if it is."""
    found = [because for each in rule.conditions if (because := unmet(each, event, quote))]
    award = rule.award
    if isinstance(award, ProportionalPoints) and event.currency != award.currency:
        found.append(f"not paid in {award.currency}")
    return "; ".join(found)


def _is_near(rule: EarningRule, occurred: Instant, other: Instant, zone: str) -> bool:
    """Events may come out of order, so the other may also be the later one."""
    first, second = sorted((occurred, other))
    return rule.cooldown is not None and second < add(first, rule.cooldown, zone)


def _life(rule: EarningRule, event: Event, zone: str) -> tuple[Instant, Instant | None]:
    """From when and until when the points can be spent; it does not matter when we hear of the event."""
    active_from = add(event.occurred, rule.return_window, zone) if rule.return_window else event.occurred
    return active_from, expires(rule.expiry, active_from, zone)


def _limited(rule: EarningRule, points: int, situation: Situation) -> Limited:
    rooms = []
    for cap in rule.caps:
        counter = counter_of(rule.rule_id, cap, situation.event.occurred, situation.zone)
        # A cap may have been lowered below what was counted.
        rooms.append((cap, max(cap.points - situation.counted.get(counter, 0), 0)))
    return limited(points, rooms)


def _earning(rule: EarningRule, factor: Fraction, kept: Limited, situation: Situation) -> Earning:
    event, zone = situation.event, situation.zone
    active_from, ends = _life(rule, event, zone)
    return Earning(
        basis=Basis(rule, factor, kept.room),
        points=kept.points,
        active_from=active_from,
        expires=ends,
        by_item=tuple(shares(kept.points, [item.paid for item in event.items])),
        takings=tuple(
            Taking(counter_of(rule.rule_id, cap, event.occurred, zone), kept.points, cap.points)
            for cap in rule.caps
            if cap.window is not Window.EVENT
        ),
    )


def _told(rule: EarningRule, factor: Fraction, uncapped: int, kept: Limited) -> Verdict:
    if kept.by is None:
        return _verdict(rule, Outcome.EARNED, f"multiplied by {factor}", kept.points)
    cap, outcome = kept.by, Outcome.CAPPED if kept.points else _lost_to(kept.by)
    whose = "everybody together" if cap.scope is Scope.EVERYBODY else "a member"
    because = f"from {uncapped} to {kept.points}: {whose} at most {cap.points}, window {cap.window.value}"
    return _verdict(rule, outcome, because, kept.points)


def _lost_to(cap: Cap) -> Outcome:
    if cap.over is Over.REJECT:
        return Outcome.REJECTED_BY_CAP
    return Outcome.OUT_OF_BUDGET if cap.scope is Scope.EVERYBODY else Outcome.CAPPED


def _verdict(rule: EarningRule, outcome: Outcome, because: str, points: int = 0) -> Verdict:
    return Verdict(rule.rule_id, rule.version, outcome, because, points)
