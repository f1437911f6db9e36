"""The blast-radius breaker, and the ceilings that keep automation from hitting bystanders."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.risk.blast import FLOOR, WINDOW, Blasting, BlastRadius, Trip, shadowed, trips
from domain.risk.ceilings import SHARED_ABOVE, ceiling
from domain.risk.rules import Limit, Rollout, RuleSet
from domain.risk.rules_diff import numbered
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from domain.shared.instants import MINUTE, SECOND, Instant
from tests.fakes import EPOCH
from tests.unit.risk.cases import ANN, HOME, PHONE, SCENE, WALLET, a_call, a_rule

WHAT = Blasting("a", 1, SCENE)
OTHER = Blasting("a", 2, SCENE)


def test_f_42_a_rule_that_would_refuse_everybody_is_in_shadow_after_half_a_percent() -> None:
    """10,000 active subjects, and a rule of N = 0 that refuses each as it comes."""
    radius, refused = BlastRadius(), 0
    for number in range(10_000):
        radius.called(SCENE, f"m{number}", EPOCH)
    for number in range(10_000):
        if list(radius.tripped(EPOCH + SECOND)):
            break
        radius.refused(WHAT, f"m{number}", EPOCH + SECOND)
        refused += 1
    assert refused == 51, "one more than 0.5 %"

    bad = a_rule(Limit((SubjectKind.MEMBER,), 0, 60_000))
    tamed = numbered(RuleSet(4, (bad,)), shadowed(RuleSet(4, (bad,)), WHAT), {"a": 1})
    assert tamed.revision == 5
    assert (tamed.rules[0].version, tamed.rules[0].is_enforced(SCENE, "m1")) == (2, False)
    assert tamed.rules[0].is_enforced("honey.spend", "m1"), "elsewhere it harmed nobody"


@pytest.mark.parametrize(
    ("newly_refused", "active", "too_many"),
    [
        (20, 1, False),
        (21, 1, True),
        (21, 4_200, False),
        (21, 4_199, True),
        (50, 10_000, False),
        (51, 10_000, True),
    ],
)
def test_more_than_half_a_percent_and_more_than_twenty_are_too_many(
    newly_refused: int, active: int, too_many: bool
) -> None:
    assert trips(newly_refused, active) is too_many


def test_who_is_refused_again_and_again_is_one() -> None:
    radius = BlastRadius()
    for number in range(1_000):
        radius.refused(WHAT, "ann", EPOCH + number)
    assert not list(radius.tripped(EPOCH + MINUTE))


def test_who_was_refused_before_the_window_and_still_is_is_nobody_new() -> None:
    radius = BlastRadius()
    for minute in (0, 4, 8):
        for number in range(FLOOR + 1):
            radius.refused(WHAT, f"m{number}", EPOCH + minute * MINUTE)
        is_new = minute < 5
        assert bool(list(radius.tripped(EPOCH + minute * MINUTE))) == is_new


def test_only_a_rule_that_is_still_that_version_is_put_into_shadow() -> None:
    rules = RuleSet(4, (a_rule(version=2),))
    assert shadowed(rules, WHAT) == rules
    once = shadowed(rules, OTHER)
    assert once.rules[0].rollout == Rollout(shadow_scenes=(SCENE,))
    assert shadowed(once, OTHER) == once


@dataclass(frozen=True)
class Event:
    """Somebody called, or was refused, so long after the event before."""

    refused: bool
    subject: int
    pause: int


EVENTS = st.lists(
    st.builds(Event, st.booleans(), st.integers(0, 60), st.sampled_from([0, 0, 0, SECOND, MINUTE, WINDOW])),
    max_size=200,
)


@given(EVENTS)
def test_the_breaker_counts_as_one_who_looks_through_everything_again(events: list[Event]) -> None:
    radius, past, now = BlastRadius(), list[tuple[Instant, Event]](), EPOCH
    for event in events:
        now += event.pause
        past.append((now, event))
        radius.called(SCENE, f"m{event.subject}", now)
        if event.refused:
            radius.refused(WHAT, f"m{event.subject}", now)
    assert list(radius.tripped(now)) == naive(past, now)
    assert list(radius.tripped(now)) == naive(past, now), "to look changes nothing"


def naive(past: list[tuple[Instant, Event]], now: Instant) -> list[Trip]:
    active = {event.subject for at, event in past if at > now - WINDOW}
    new = 0
    for subject in active:
        times = [at for at, event in past if event.refused and event.subject == subject]
        starts = [at for place, at in enumerate(times) if place == 0 or at - times[place - 1] >= WINDOW]
        new += bool(starts) and starts[-1] > now - WINDOW
    too_many = new > FLOOR and new / len(active) > 0.005
    return [Trip(WHAT, new, len(active))] if too_many else []


# -- Whom automation may list


def test_a_18_a_member_that_somebody_merely_names_is_never_listed() -> None:
    for role in ("anyone", "service", "operator", "gateway"):
        assert ceiling(ANN, a_call(ANN, role=role, authenticated=frozenset())) is State.NONE


def test_a_18_an_address_that_many_members_share_is_at_most_challenged() -> None:
    facts = a_call(ANN, HOME)
    assert ceiling(HOME, facts, members_last_hour=SHARED_ABOVE) is State.CONFIRMED
    assert ceiling(HOME, facts, members_last_hour=SHARED_ABOVE + 1) is State.CHALLENGED
    assert ceiling(ANN, facts, members_last_hour=500) is State.CONFIRMED, "what a member does is its own"


def test_a_18_a_claimed_device_counts_only_with_a_proved_member_and_is_never_denied_for_it() -> None:
    for claimed in (PHONE, WALLET):
        assert ceiling(claimed, a_call(ANN, claimed)) is State.CHALLENGED
        assert ceiling(claimed, a_call(ANN, claimed, authenticated=frozenset())) is State.NONE
        proved = frozenset({claimed.kind})
        assert ceiling(claimed, a_call(ANN, claimed, authenticated=proved)) is State.CONFIRMED


def test_a_18_an_address_that_is_not_proved_never_counts() -> None:
    assert ceiling(HOME, a_call(HOME, authenticated=frozenset({SubjectKind.MEMBER}))) is State.NONE


def test_no_service_method_or_scene_is_shut_off_by_automation() -> None:
    facts = a_call()
    assert ceiling(Subject(SubjectKind.CALLER, "bff"), facts) is State.SUSPECT
    for kind in (SubjectKind.METHOD, SubjectKind.SCENE):
        assert ceiling(Subject(kind, "x"), facts) is State.NONE
