"""Evaluating an event: what every rule of its scene says, and which of them earn.

A pure function of the event, the rules, and what was known of the member: nothing is read, nothing is kept.
Two events that are evaluated at once on the same counters may both find room; so whoever counts refuses the
second, and evaluates it anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.honey.earning_caps import Counted, Counter, counter_of
from domain.honey.earning_conditions import Quote
from domain.honey.earning_events import Event, require_sound, require_the_same
from domain.honey.earning_rules import EarningRules, Mode, QuotedAt, Scene
from domain.honey.offers import Offer, Situation, offer
from domain.honey.verdicts import MATCHES, Evaluation, Outcome, Verdict
from domain.honey.windows import Window
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class EarningStanding:
    """What is known before an event of the member who did it."""

    counted: Counted = field(default_factory=dict)
    """At least of the counters that `counters` names."""
    held_at_order: frozenset[str] = frozenset()
    """SKUs, when the order was made; not asked for of an event without an order."""
    held_at_event: frozenset[str] = frozenset()
    earned_at: Mapping[str, Sequence[Instant]] = field(default_factory=dict)
    """Rule id → when events happened by which the member earned: at least the nearest, before and after."""
    recorded: Event | None = None
    """What was recorded with the id of this event."""

    def quote(self, event: Event, quoted_at: QuotedAt) -> Quote:
        if quoted_at is QuotedAt.EVENT or event.ordered is None:
            return Quote(event.occurred, self.held_at_event)
        return Quote(event.ordered, self.held_at_order)


def counters(rules: EarningRules, event: Event) -> list[Counter]:
    """Those that the event may count in, always in the same order. Raises Invalid for an unknown scene."""
    return sorted(
        counter_of(rule.rule_id, cap, event.occurred, rules.zone)
        for rule in _scene(rules, event).rules
        for cap in rule.caps
        if cap.window is not Window.EVENT
    )


def evaluate(rules: EarningRules, event: Event, standing: EarningStanding, now: Instant) -> Evaluation:
    """What comes of an event. Of one that was recorded before, nothing any more.

    Raises Invalid: bounds, an unknown scene, an event of the future; IDEMPOTENCY_KEY_REUSED for another event
    that was recorded with this id.
    """
    require_sound(event, now)
    scene = _scene(rules, event)
    if standing.recorded is not None:
        require_the_same(event, standing.recorded)
        return Evaluation([_recorded_before(rule.rule_id, rule.version) for rule in scene.rules])
    offers = [
        offer(
            rule,
            Situation(
                event=event,
                quote=standing.quote(event, rule.quoted_at),
                counted=standing.counted,
                earned_at=standing.earned_at.get(rule.rule_id, ()),
                zone=rules.zone,
                now=now,
            ),
        )
        for rule in scene.rules
    ]
    chosen = _chosen(scene.mode, offers)
    earnings = [each.earning for each in chosen if each.earning]
    return Evaluation([each.verdict for each in chosen], earnings)


def _scene(rules: EarningRules, event: Event) -> Scene:
    scene = rules.scene(event.scene)
    if scene is None:
        raise Invalid([FieldViolation("event.scene", "SCENE_UNKNOWN", "`scene` is one of the programme's")])
    return scene


def _chosen(mode: Mode, offers: Sequence[Offer]) -> list[Offer]:
    """All of them; those that matched and do not count earn nothing, and say so."""
    matching = [each for each in offers if each.verdict.outcome in MATCHES]
    if mode is Mode.ALL or not matching:
        return list(offers)
    if mode is Mode.FIRST_MATCH:
        winner, outcome, because = matching[0], Outcome.NOT_REACHED, "{} came first"
    else:
        winner = max(matching, key=lambda each: each.verdict.points)
        outcome, because = Outcome.BEATEN, "{} gives {}"
    told = because.format(winner.verdict.rule_id, winner.verdict.points)
    return [
        _passed_over(each, outcome, told) if each in matching and each is not winner else each
        for each in offers
    ]


def _passed_over(each: Offer, outcome: Outcome, because: str) -> Offer:
    return Offer(replace(each.verdict, outcome=outcome, because=because, points=0))


def _recorded_before(rule_id: str, version: int) -> Verdict:
    return Verdict(rule_id, version, Outcome.RECORDED_BEFORE, "the event had its effect already")
