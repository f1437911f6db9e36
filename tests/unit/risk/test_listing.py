"""The list: how a subject comes onto it and off it, over random histories too."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.risk.canonical import decoded, encoded
from domain.risk.chain import first_broken
from domain.risk.evidence import seen
from domain.risk.listing import (
    IMMUNITY,
    LONGEST_BY_A_PERSON,
    LONGEST_SNOOZE,
    allow,
    confirm,
    release,
    snooze,
    suspect,
)
from domain.risk.states import State
from domain.risk.strikes import HALF_LIFE, LONGEST_CONFIRMED, lifetime, strikes_left
from domain.risk.suspects import MOST_SNOOZES, Cause, Change, Entry, Transition
from domain.shared.errors import Invalid, Refused
from domain.shared.instants import DAY, HOUR, MINUTE, Instant
from tests.fakes import EPOCH
from tests.unit.risk.cases import ANN, a_cause, an_entry

NEW = Entry(ANN)
RAISED = (State.SUSPECT, State.CHALLENGED, State.CONFIRMED)


def entry_after(change: Change | None) -> Entry:
    assert change is not None, "something changes"
    return change.entry


def confirmed(entry: Entry = NEW, now: Instant = EPOCH) -> Entry:
    return entry_after(suspect(entry, State.CONFIRMED, a_cause(), now, State.CONFIRMED))


# -- Random histories


@dataclass(frozen=True)
class Step:
    """Something that is tried, so long after the step before."""

    does: str
    state: State
    rule: str
    version: int
    pause: int
    span: int


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["suspect", "suspect", "suspect", "confirm", "allow", "release", "appeal", "snooze"]),
        st.sampled_from(RAISED),
        st.sampled_from(["a", "b"]),
        st.integers(1, 2),
        st.sampled_from([0, MINUTE, HOUR, 5 * HOUR, DAY, 10 * DAY]),
        st.sampled_from([MINUTE, HOUR, 20 * DAY]),
    ),
    max_size=12,
)


def tried(entry: Entry, step: Step, now: Instant) -> Change | None:
    cause = a_cause(rule_id=step.rule, rule_version=step.version)
    match step.does:
        case "suspect":
            return suspect(entry, step.state, cause, now, State.CONFIRMED)
        case "confirm":
            return confirm(entry, cause, now, now + step.span)
        case "allow":
            return allow(entry, cause, now, now + step.span)
        case "snooze":
            return snooze(entry, step.rule, cause, now, now + step.span)
        case _:
            return release(entry, cause, now, by_appeal=step.does == "appeal")


@dataclass(frozen=True)
class Taken:
    """A step that changed something, and what was there before."""

    step: Step
    before: Entry
    change: Change


def history(steps: Sequence[Step]) -> list[Taken]:
    entry, now, taken = NEW, EPOCH, []
    for step in steps:
        now += step.pause
        change = tried(entry, step, now)
        if change:
            taken.append(Taken(step, entry, change))
            entry = change.entry
    return taken


@given(STEPS)
def test_rk_4_every_state_ends_by_time_alone(steps: Sequence[Step]) -> None:
    for taken in history(steps):
        entry, at = taken.change.entry, taken.change.transition.at
        if taken.step.does == "snooze":
            continue
        assert at < entry.expires <= at + LONGEST_BY_A_PERSON
        assert entry.state_at(entry.expires - 1) is entry.state
        assert entry.state_at(entry.expires) is State.NONE
        silent = seen(replace(entry, snoozes=()), entry.expires)
        assert silent is None


@given(STEPS)
def test_automation_never_lists_longer_than_its_strikes_allow(steps: Sequence[Step]) -> None:
    for taken in history(steps):
        transition = taken.change.transition
        if taken.step.does == "suspect" and transition.to_state is State.CONFIRMED:
            strikes = naive_strikes(taken.before, transition.at)
            assert transition.expires - transition.at <= min(4 * HOUR * 2.0**strikes, 7 * DAY)


def naive_strikes(entry: Entry, now: Instant) -> float:
    halvings = (now - entry.strikes_at) / DAY / 30
    return float(entry.strikes_milli / 1000 / 2.0**halvings)


@given(STEPS)
def test_automation_only_raises_and_never_touches_whom_a_person_allowed(steps: Sequence[Step]) -> None:
    for taken in history(steps):
        if taken.step.does == "suspect":
            held, transition = taken.before.state_at(taken.change.transition.at), taken.change.transition
            assert transition.to_state.rank >= held.rank
            assert held is not State.ALLOWED


@given(STEPS)
def test_a_rule_version_that_was_wrong_lists_nobody_for_a_day(steps: Sequence[Step]) -> None:
    wrong: dict[tuple[str, int], Instant] = {}
    for taken in history(steps):
        cause, at = taken.change.transition.cause, taken.change.transition.at
        if taken.step.does == "suspect":
            assert at >= wrong.get((cause.rule_id, cause.rule_version), 0)
        if taken.step.does == "appeal":
            wrong[taken.before.rule_id, taken.before.rule_version] = at + DAY


@given(STEPS)
def test_transitions_follow_each_other_and_their_chain_holds(steps: Sequence[Step]) -> None:
    taken = history(steps)
    transitions = [one.change.transition for one in taken]
    assert first_broken(transitions, taken[-1].change.entry if taken else NEW) is None
    assert [one.previous_hash for one in transitions] == ["", *(one.hash for one in transitions)][
        : len(transitions)
    ]
    for one in taken:
        transition = one.change.transition
        assert transition.version == one.before.version + 1 == one.change.entry.version
        assert transition.from_state is one.before.state_at(transition.at)


@given(STEPS)
def test_an_entry_and_a_transition_are_kept_as_they_are(steps: Sequence[Step]) -> None:
    for taken in history(steps):
        assert decoded(Entry, encoded(taken.change.entry)) == taken.change.entry
        assert decoded(Transition, encoded(taken.change.transition)) == taken.change.transition


@given(STEPS, st.data())
def test_whoever_alters_a_transition_breaks_the_chain(steps: Sequence[Step], data: st.DataObject) -> None:
    taken = history(steps)
    if not taken:
        return
    transitions, entry = [one.change.transition for one in taken], taken[-1].change.entry
    place = data.draw(st.integers(0, len(transitions) - 1))
    old = transitions[place]
    forgeries: list[Transition] = [
        replace(old, at=old.at + 1),
        replace(old, to_state=State.NONE if old.to_state is State.ALLOWED else State.ALLOWED),
        replace(old, expires=old.expires + 1),
        replace(old, cause=replace(old.cause, actor="somebody else")),
        replace(old, previous_hash="0" * 64),
        replace(old, hash="0" * 64),
    ]
    forged = data.draw(st.sampled_from(forgeries))
    assert first_broken([*transitions[:place], forged, *transitions[place + 1 :]], entry) == place + 1
    assert first_broken([*transitions[:place], *transitions[place + 1 :]], entry) == place + 1


# -- One by one


def test_a_confirmed_subject_is_free_after_four_hours_and_sooner_the_first_time_than_the_second() -> None:
    first = confirmed()
    assert first.expires == EPOCH + 4 * HOUR
    second = confirmed(first, first.expires)
    assert 7.9 * HOUR < second.expires - first.expires < 8 * HOUR, "of a strike a little is gone"


def test_however_often_it_was_confirmed_automation_lets_it_go_after_a_week() -> None:
    assert lifetime(State.CONFIRMED, 5_000) == 128 * HOUR
    assert lifetime(State.CONFIRMED, 6_000) == LONGEST_CONFIRMED == 7 * DAY
    assert lifetime(State.CONFIRMED, 10**9) == 7 * DAY


@given(st.integers(0, 100_000), st.integers(0, 40))
def test_strikes_halve_every_thirty_days(milli: int, halvings: int) -> None:
    left = strikes_left(milli, EPOCH, EPOCH + halvings * HALF_LIFE)
    assert left == Fraction(milli, 2**halvings).__floor__()
    assert strikes_left(milli, EPOCH, EPOCH - DAY) == milli


@given(st.integers(0, 100_000), st.integers(0, 400 * DAY), st.integers(0, 400 * DAY))
def test_strikes_only_decay(milli: int, early: int, late: int) -> None:
    early, late = sorted((early, late))
    assert strikes_left(milli, EPOCH, EPOCH + late) <= strikes_left(milli, EPOCH, EPOCH + early) <= milli


def test_a_suspect_that_goes_on_stays_one_and_a_confirmed_one_does_not() -> None:
    for state, lives_on in ((State.SUSPECT, True), (State.CHALLENGED, True), (State.CONFIRMED, False)):
        entry = entry_after(suspect(NEW, state, a_cause(), EPOCH, State.CONFIRMED))
        span = entry.expires - EPOCH
        assert suspect(entry, state, a_cause(), EPOCH + span // 4, State.CONFIRMED) is None
        late = EPOCH + span * 3 // 4
        again = suspect(entry, state, a_cause(), late, State.CONFIRMED)
        assert (again is not None) == lives_on
        if again:
            assert (again.entry.since, again.entry.expires) == (EPOCH, late + span)


def test_automation_stops_at_the_ceiling() -> None:
    change = suspect(NEW, State.CONFIRMED, a_cause(), EPOCH, most=State.CHALLENGED)
    assert entry_after(change).state is State.CHALLENGED
    assert entry_after(change).strikes_milli == 0
    assert suspect(NEW, State.CONFIRMED, a_cause(), EPOCH, most=State.NONE) is None


def test_a_harder_state_is_not_softened_by_a_milder_rule() -> None:
    assert suspect(confirmed(), State.SUSPECT, a_cause(rule_id="b"), EPOCH + HOUR, State.CONFIRMED) is None


def test_a_person_may_confirm_for_longer_but_not_for_ever() -> None:
    month = confirm(NEW, a_cause(), EPOCH, EPOCH + 30 * DAY).entry
    assert month.state_at(EPOCH + 29 * DAY) is State.CONFIRMED
    for expires in (EPOCH, EPOCH - 1, EPOCH + LONGEST_BY_A_PERSON + 1):
        with pytest.raises(Invalid):
            confirm(NEW, a_cause(), EPOCH, expires)
        with pytest.raises(Invalid):
            allow(NEW, a_cause(), EPOCH, expires)


def test_to_confirm_what_is_confirmed_is_no_second_strike() -> None:
    entry = confirmed()
    assert confirm(entry, a_cause(), EPOCH + HOUR, EPOCH + DAY).entry.strikes_milli == 1000


def test_who_is_released_is_not_listed_and_cannot_be_released_twice() -> None:
    change = release(confirmed(), a_cause(), EPOCH + HOUR)
    entry = entry_after(change)
    assert entry.state_at(EPOCH + HOUR) is State.RELEASED
    assert entry.state_at(EPOCH + HOUR).rank == 0
    assert release(entry, a_cause(), EPOCH + 2 * HOUR) is None
    assert release(confirmed(), a_cause(), EPOCH + 4 * HOUR) is None, "it was free by itself"
    assert release(NEW, a_cause(), EPOCH) is None


def test_an_appeal_takes_back_the_strike_and_makes_immune_from_that_rule_version() -> None:
    entry = entry_after(release(confirmed(), a_cause(), EPOCH, by_appeal=True))
    assert entry.strikes_milli == 0
    now = EPOCH + IMMUNITY - 1

    def listed(now: Instant, **by: Any) -> Change | None:
        return suspect(entry, State.SUSPECT, a_cause(**by), now, State.CONFIRMED)

    assert listed(now) is None
    assert listed(now, rule_version=2) is not None
    assert listed(now, rule_id="b") is not None
    assert listed(EPOCH + IMMUNITY) is not None


def test_a_person_who_confirms_what_a_rule_found_leaves_it_that_rules_find() -> None:
    """Else the appeal would make immune from nothing, and the next burst list the member again."""
    found = entry_after(suspect(NEW, State.SUSPECT, a_cause(), EPOCH, State.CONFIRMED))
    by_a_person = Cause("operator:zoe", "guesses", "request:9")
    change = confirm(found, by_a_person, EPOCH, EPOCH + DAY)
    assert (change.entry.rule_id, change.entry.rule_version) == (found.rule_id, found.rule_version)
    assert (change.transition.cause.rule_id, change.entry.reason) == ("", "guesses")
    freed = entry_after(release(change.entry, by_a_person, EPOCH, by_appeal=True))
    assert suspect(freed, State.SUSPECT, a_cause(), EPOCH, State.CONFIRMED) is None
    after_its_life = confirm(found, by_a_person, found.expires, found.expires + DAY)
    assert after_its_life.entry.rule_id == "", "the rule's listing was over"


def test_without_an_appeal_the_rule_may_list_again_and_the_strike_stays() -> None:
    entry = entry_after(release(confirmed(), a_cause(), EPOCH))
    assert entry.strikes_milli == 1000
    assert suspect(entry, State.SUSPECT, a_cause(), EPOCH, State.CONFIRMED) is not None


def test_a_snooze_leaves_the_state_and_ends() -> None:
    entry = snooze(confirmed(), "a", a_cause(), EPOCH, EPOCH + DAY).entry
    assert (entry.state, entry.expires) == (State.CONFIRMED, EPOCH + 4 * HOUR)
    assert entry.snoozed_at(EPOCH + DAY - 1) == ("a",)
    assert entry.snoozed_at(EPOCH + DAY) == ()
    later = snooze(entry, "a", a_cause(), EPOCH, EPOCH + 2 * DAY).entry
    assert len(later.snoozes) == 1


def test_snoozes_are_bounded() -> None:
    entry = NEW
    for number in range(MOST_SNOOZES):
        entry = snooze(entry, f"r{number}", a_cause(), EPOCH, EPOCH + DAY).entry
    with pytest.raises(Refused):
        snooze(entry, "one_more", a_cause(), EPOCH, EPOCH + DAY)
    later = snooze(entry, "one_more", a_cause(), EPOCH + DAY, EPOCH + 2 * DAY).entry
    assert [one.rule_id for one in later.snoozes] == ["one_more"]
    with pytest.raises(Invalid):
        snooze(NEW, "a", a_cause(), EPOCH, EPOCH + LONGEST_SNOOZE + 1)


def test_who_cuts_off_the_newest_transition_disagrees_with_the_entry() -> None:
    entry, transitions = NEW, []
    for state in RAISED:
        change = suspect(entry, state, a_cause(), EPOCH, State.CONFIRMED)
        assert change
        entry = change.entry
        transitions.append(change.transition)
    assert first_broken(transitions[:2], entry) == 3
    assert first_broken(transitions, replace(entry, version=2)) == 3
    assert first_broken([], an_entry()) is None
