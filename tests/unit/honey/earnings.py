"""Earning rules, events and histories of them, small enough that caps and cooldowns are met all the time."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, time
from fractions import Fraction

from hypothesis import strategies as st

from domain.honey.earning_awards import (
    Award,
    Combination,
    FixedPoints,
    ForCampaign,
    ForHolders,
    Multiplier,
    ProportionalPoints,
)
from domain.honey.earning_caps import Cap, Counter, Over, Scope, Taking, given_back
from domain.honey.earning_conditions import ChannelIn, HoldsAnyOf, HoldsNoneOf, MerchantIn, PaidBetween
from domain.honey.earning_events import Event, Item
from domain.honey.earning_expiry import FixedDates, Rolling, Sliding
from domain.honey.earning_rules import EarningRule, EarningRules, Mode, QuotedAt, Scene
from domain.honey.evaluation import EarningStanding, counters, evaluate
from domain.honey.verdicts import Evaluation
from domain.honey.windows import Window
from domain.shared.errors import Refused
from domain.shared.instants import DAY, HOUR, LATEST, Instant, Period, Unit, at_local

ZONE = "Asia/Shanghai"
SCENE = "order.paid"
GOLD, TRIAL = "gold_year", "trial"
START = at_local(date(2026, 11, 22), time(10), ZONE)
"""A Sunday."""


def a_rule(award: Award | None = None, **changed: object) -> EarningRule:
    """One point for each 100 fen, unless said otherwise."""
    given = {"rule_id": "base", "version": 1, "award": award or ProportionalPoints(1, 100, "CNY"), **changed}
    return EarningRule(**given)  # type: ignore[arg-type]  # a builder passes on what it is given


def the_rules(*rules: EarningRule, mode: Mode = Mode.ALL) -> EarningRules:
    return EarningRules(ZONE, (Scene(SCENE, rules, mode),))


def an_order(*paid: int, event_id: str = "e1", at: Instant = START, ordered: Instant | None = None) -> Event:
    """Of items called a, b, c … that were paid so much."""
    items = tuple(Item("abcdefgh"[place], each) for place, each in enumerate(paid))
    return Event(event_id, "m1", SCENE, at, ordered, currency="CNY", items=items)


Member = str
EVERYBODY: Member = ""


@dataclass
class Books:
    """What whoever posts earnings keeps: counters, when who earned by what, and which events there were."""

    rules: EarningRules
    counted: defaultdict[tuple[Member, Counter], int] = field(default_factory=lambda: defaultdict(int))
    earned_at: defaultdict[tuple[Member, str], list[Instant]] = field(
        default_factory=lambda: defaultdict(list)
    )
    recorded: dict[str, Event] = field(default_factory=dict)
    takings: dict[tuple[str, str], tuple[Taking, ...]] = field(default_factory=dict)
    """By event and rule."""

    def standing(
        self, event: Event, held: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    ) -> EarningStanding:
        """What is known when an event comes."""
        known = {each: self.counted[self._of(event, each)] for each in counters(self.rules, event)}
        rule_ids = [rule.rule_id for scene in self.rules.scenes for rule in scene.rules]
        earned_at = {rule_id: tuple(self.earned_at[event.member_id, rule_id]) for rule_id in rule_ids}
        return EarningStanding(known, *held, earned_at, self.recorded.get(event.event_id))

    def post(self, event: Event, evaluation: Evaluation) -> None:
        """Raises Refused if a counter would come to more than its cap; then nothing is posted."""
        for taking in (taking for earning in evaluation.earnings for taking in earning.takings):
            if self.counted[self._of(event, taking.counter)] + taking.points > taking.most:
                raise Refused("TRANSACTION_RACED", "another event was first")
        self.recorded[event.event_id] = event
        for earning in evaluation.earnings:
            rule_id = earning.basis.rule.rule_id
            self.earned_at[event.member_id, rule_id].append(event.occurred)
            self.takings[event.event_id, rule_id] = earning.takings
            for taking in earning.takings:
                self.counted[self._of(event, taking.counter)] += taking.points

    def record(self, event: Event, now: Instant | None = None) -> Evaluation:
        """Evaluate and post."""
        evaluation = evaluate(self.rules, event, self.standing(event), event.occurred if now is None else now)
        self.post(event, evaluation)
        return evaluation

    def take_back(self, event: Event, rule_id: str, points: int, at: Instant) -> None:
        """So many points of one earning."""
        back = given_back(self.takings[event.event_id, rule_id], points, at, self.rules.zone)
        for counter, fewer in back.items():
            self.counted[self._of(event, counter)] -= fewer

    @staticmethod
    def _of(event: Event, counter: Counter) -> tuple[Member, Counter]:
        return (EVERYBODY if counter.scope is Scope.EVERYBODY else event.member_id), counter


_IDS = {"gold_year", "trial", "student"}
_HOLDERS = st.frozensets(st.sampled_from(sorted(_IDS)), min_size=1, max_size=2)
_INSTANTS = st.integers(-3, 60).map(lambda halves: START + halves * 12 * HOUR)
_PERIODS = st.one_of(
    st.builds(Period, st.integers(1, 40), st.sampled_from([Unit.HOUR, Unit.DAY])),
    st.builds(Period, st.integers(1, 14), st.just(Unit.MONTH)),
    st.builds(Period, st.integers(1, 2), st.just(Unit.YEAR)),
)
_FACTORS = st.sampled_from([Fraction(1), Fraction(3, 2), Fraction(2), Fraction(133, 100), Fraction(3)])
CONDITIONS = st.one_of(
    st.builds(HoldsAnyOf, _HOLDERS),
    st.builds(HoldsNoneOf, _HOLDERS),
    st.builds(ChannelIn, st.just(frozenset({"app"}))),
    st.builds(MerchantIn, st.just(frozenset({"shop"}))),
    st.builds(PaidBetween, st.just("CNY"), st.integers(0, 300), st.integers(300, 1500)),
)
_ROUNDED = st.sampled_from([Window.DAY, Window.MONTH, Window.QUARTER, Window.YEAR])
_DATES = st.lists(st.dates(date(2026, 11, 20), date(2027, 2, 1)), min_size=1, max_size=3, unique=True)
EXPIRIES = st.one_of(
    st.none(),
    st.builds(Rolling, _PERIODS, _ROUNDED),
    st.builds(Sliding, _PERIODS.filter(lambda period: period.unit is not Unit.HOUR)),
    st.builds(FixedDates, _DATES.map(sorted).map(tuple)),
)
_AWARDS = st.one_of(
    st.builds(FixedPoints, st.integers(1, 12)),
    st.builds(
        ProportionalPoints, st.integers(1, 5), st.integers(30, 170), st.sampled_from(["CNY", "CNY", "USD"])
    ),
)
MULTIPLIERS = st.builds(
    Multiplier,
    _FACTORS,
    st.one_of(
        st.builds(ForHolders, _HOLDERS),
        st.builds(ForCampaign, st.just("double_eleven"), _INSTANTS, _INSTANTS),
    ),
)


@st.composite
def caps(draw: st.DrawFn) -> tuple[Cap, ...]:
    """At most three, no two for the same."""
    kinds = [(scope, window) for scope in Scope for window in Window]
    kinds.remove((Scope.EVERYBODY, Window.EVENT))
    chosen = draw(st.lists(st.sampled_from(kinds), max_size=3, unique=True))
    return tuple(
        Cap(draw(st.integers(1, 40)), window, scope, draw(st.sampled_from(Over))) for scope, window in chosen
    )


@st.composite
def programmes(draw: st.DrawFn) -> EarningRules:
    """One scene of at most three rules."""
    rules = [
        EarningRule(
            rule_id=rule_id,
            version=1,
            award=draw(_AWARDS),
            conditions=tuple(draw(st.lists(CONDITIONS, max_size=1))),
            multipliers=tuple(draw(st.lists(MULTIPLIERS, max_size=3))),
            combination=draw(st.sampled_from(Combination)),
            caps=draw(caps()),
            cooldown=draw(st.none() | st.none() | _PERIODS),
            expiry=draw(EXPIRIES),
            return_window=draw(st.none() | _PERIODS),
            quoted_at=draw(st.sampled_from(QuotedAt)),
            starts=draw(st.sampled_from([0, 0, 0, START + DAY])),
            ends=draw(st.sampled_from([LATEST, LATEST, LATEST, START + 40 * DAY])),
        )
        for rule_id in draw(st.sampled_from([["r1"], ["r1", "r2"], ["r1", "r2", "r3"]]))
    ]
    return EarningRules(ZONE, (Scene(SCENE, tuple(rules), draw(st.sampled_from(Mode))),))


@st.composite
def capped_programmes(draw: st.DrawFn) -> EarningRules:
    """One scene of two rules that match every event, but for their caps."""
    rules = [
        a_rule(FixedPoints(draw(st.integers(1, 12))), rule_id=each, caps=draw(caps()))
        for each in ("r1", "r2")
    ]
    return the_rules(*rules)


@dataclass(frozen=True)
class Step:
    """An event comes, or so much of an earlier one's points by a rule is taken back."""

    now: Instant
    event: Event
    held: tuple[frozenset[str], frozenset[str]]
    take_back: tuple[int, int] | None = None
    """The how many-th earning so far, in turn, and how many points at most."""


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    """Up to twelve steps; events come late, and not in the order in which they happened."""
    now, steps = START, list[Step]()
    for number in range(draw(st.integers(1, 12))):
        now += draw(st.sampled_from([0, HOUR, 9 * HOUR, DAY, 8 * DAY, 30 * DAY]))
        occurred = now - draw(st.sampled_from([0, 0, 0, HOUR, DAY, 20 * DAY]))
        paid = draw(st.lists(st.integers(0, 900), min_size=draw(st.sampled_from([0, 1, 1])), max_size=3))
        event = Event(
            event_id=f"e{number}",
            member_id=draw(st.sampled_from(["m1", "m1", "m2"])),
            scene=SCENE,
            occurred=occurred,
            ordered=draw(st.none() | st.just(occurred - draw(st.sampled_from([0, HOUR, 2 * DAY])))),
            channel=draw(st.sampled_from(["app", "app", "mini"])),
            merchant_id=draw(st.sampled_from(["shop", "shop", ""])),
            currency=draw(st.sampled_from(["CNY", "CNY", "CNY", "USD"])) if paid else "",
            items=tuple(Item(f"i{place}", each) for place, each in enumerate(paid)),
        )
        held = st.frozensets(st.sampled_from(sorted(_IDS)), max_size=2)
        back = draw(st.none() | st.tuples(st.integers(0, 20), st.integers(1, 30)))
        steps.append(Step(now, event, (draw(held), draw(held)), back))
    return steps
