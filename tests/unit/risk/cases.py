"""Risk's values for tests: builders with defaults, and Hypothesis strategies over small worlds.

Few rules, subjects and scenes, so that they meet often.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from domain.risk.charging import keys
from domain.risk.evidence import Count, Evidence, Seen, Truth
from domain.risk.facts import Facts
from domain.risk.rules import (
    Limit,
    OnError,
    Outcome,
    Rollout,
    Rule,
    RuleSet,
    Spread,
    StrikePolicy,
    Verdict,
)
from domain.risk.stamps import NEVER
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.suspects import Cause, Entry
from tests.fakes import EPOCH

ANN = Subject(SubjectKind.MEMBER, "ann")
PHONE = Subject(SubjectKind.DEVICE, "phone")
HOME = Subject(SubjectKind.ADDRESS, "192.0.2.7")
WALLET = Subject(SubjectKind.PAYMENT, "wallet")
SCENE = "identity.purchase"
SCENES = (SCENE, "identity.read", "risk.appeal")
RULE_IDS = ("a", "b", "c", "d")


def a_call(*subjects: Subject, **changed: Any) -> Facts:
    """A purchase of one unit by a gateway, which has proved the member and the address."""
    given: dict[str, Any] = {
        "scene": SCENE,
        "method": "/nectary.identity.v1.IdentityService/CreateOrder",
        "caller": "bff",
        "role": "gateway",
        "cost": 1,
        "subjects": subjects or (ANN,),
        "authenticated": frozenset({SubjectKind.MEMBER, SubjectKind.ADDRESS}),
    }
    return Facts(**given | changed)


def a_rule(effect: Limit | Verdict | Spread | None = None, rule_id: str = "a", **changed: Any) -> Rule:
    """Ten units a minute for each member, unless told."""
    given: dict[str, Any] = {"title": "Ten a minute", "owner": "shop", "version": 1}
    return Rule(rule_id, effect=effect or Limit((SubjectKind.MEMBER,), 10, 60_000), **given | changed)


def a_cause(event_id: str = "e1", rule_id: str = "a", rule_version: int = 1, **changed: Any) -> Cause:
    return Cause(f"rule:{rule_id}", "too fast", event_id, rule_id, rule_version, **changed)


def an_entry(subject: Subject = ANN, state: State = State.NONE, **changed: Any) -> Entry:
    """Listed since EPOCH, for ever unless told."""
    given: dict[str, Any] = {"state": state, "since": EPOCH, "expires": 2**60}
    return Entry(subject, **given | changed)


# -- Rules

_KINDS = st.sampled_from([*SubjectKind])
_PATTERNS = st.sampled_from([*SCENES, "identity.*", "risk.*"])


def limits() -> SearchStrategy[Limit]:
    return st.builds(
        Limit,
        st.lists(_KINDS, min_size=1, max_size=2, unique=True).map(tuple),
        st.sampled_from([0, 1, 3, 100]),
        st.sampled_from([1_000, 60_000]),
    )


def _verdicts() -> SearchStrategy[Verdict]:
    return st.builds(Verdict, st.sampled_from([Outcome.DENY, Outcome.CHALLENGE]), st.just("BECAUSE"))


def rollouts() -> SearchStrategy[Rollout]:
    return st.builds(
        Rollout,
        st.booleans(),
        st.sampled_from([0, 50, 100, 100]),
        st.lists(_PATTERNS, max_size=1).map(tuple),
    )


def rules(rule_id: str) -> SearchStrategy[Rule]:
    return st.builds(
        Rule,
        st.just(rule_id),
        st.just("A rule"),
        st.just("shop"),
        st.one_of(limits(), limits(), _verdicts(), st.just(Spread(SubjectKind.DEVICE, 5, 60_000))),
        scenes=st.lists(_PATTERNS, max_size=2).map(tuple),
        condition=st.sampled_from(["", "", "cost > 0"]),
        rollout=st.one_of(st.just(Rollout()), rollouts()),
        strikes=st.sampled_from([None, StrikePolicy(60_000, 3, 5, 9)]),
        on_error=st.sampled_from([*OnError]),
        version=st.integers(1, 3),
    )


@st.composite
def rule_sets(draw: DrawFn) -> RuleSet:
    """Up to four rules, in any order."""
    ids = draw(st.lists(st.sampled_from(RULE_IDS), unique=True))
    return RuleSet(draw(st.integers(0, 5)), tuple(draw(rules(rule_id)) for rule_id in ids))


# -- Calls

_SUBJECTS = (ANN, Subject(SubjectKind.MEMBER, "bob"), PHONE, HOME, WALLET)


def calls() -> SearchStrategy[Facts]:
    return st.builds(
        a_call,
        scene=st.sampled_from(SCENES),
        subjects=st.lists(st.sampled_from(_SUBJECTS), unique=True).map(tuple),
        authenticated=st.frozensets(st.sampled_from([*SubjectKind][:4])),
        role=st.sampled_from(["gateway", "service", "operator", "anyone"]),
        cost=st.integers(0, 4),
    )


@st.composite
def seen_of(draw: DrawFn, facts: Facts) -> tuple[Seen, ...]:
    """What the list says of some of a call's subjects."""
    found = []
    for subject in facts.everyone():
        state = draw(st.sampled_from([None, None, *State]))
        snoozed = draw(st.lists(st.sampled_from(RULE_IDS), max_size=2, unique=True).map(tuple))
        if state is not None:
            found.append(Seen(subject, state, draw(st.sampled_from(RULE_IDS)), 1, snoozed))
    return tuple(found)


@st.composite
def cases(draw: DrawFn) -> tuple[RuleSet, Evidence]:
    """Rules, and a call with all that was known of it: by these rules, not all of them asked."""
    drawn, facts = draw(rule_sets()), draw(calls())
    truths = {rule.rule_id: draw(st.sampled_from([*Truth])) for rule in drawn.rules if rule.condition}
    counts = []
    for rule in drawn.rules:
        if isinstance(rule.effect, Limit) and draw(st.sampled_from([True, True, False])):
            for key in keys(rule.effect.key, facts):
                wait = draw(st.sampled_from([0, 0, 250, 900, NEVER]))
                units = rule.effect.units
                counts.append(Count(rule.rule_id, key.name, units, rule.effect.window_ms, units, wait))
    return drawn, Evidence(facts, EPOCH, drawn.revision, draw(seen_of(facts)), truths, tuple(counts), "STORE")
