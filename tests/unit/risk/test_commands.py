"""What people do with rules, list and appeals: by the rules alone, without a server."""

from dataclasses import replace

import pytest

from domain.risk.appeals import AppealState
from domain.risk.commands.appeals import MakeAppeal, make_appeal
from domain.risk.commands.rules import ApplyRules, apply_rules, plan_rules
from domain.risk.commands.suspects import (
    AllowSubject,
    ConfirmSuspect,
    ReleaseSuspect,
    allow_subject,
    confirm_suspect,
    release_suspect,
)
from domain.risk.listing import suspect
from domain.risk.ports import Doing, RiskPorts
from domain.risk.rules import Limit, Rule
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.suspects import Cause
from domain.shared.errors import Forbidden, Raced, Refused
from domain.shared.instants import DAY, HOUR
from tests.unit.risk.ports import memory_ports

NOW = 1_800_000_000_000_000
ANN = Subject(SubjectKind.MEMBER, "ann")
PACE = Rule("pace", "Pace", "ops", Limit((SubjectKind.MEMBER,), 10, 1000))


@pytest.fixture
def ports() -> RiskPorts:
    return memory_ports()


def doing(now: int = NOW, event_id: str = "request:1") -> Doing:
    return Doing("operator:eve", now, "because", event_id)


def listed_by_rule(ports: RiskPorts, state: State) -> None:
    cause = Cause("rule:pace", "too often", "event:1", "pace", 3, "identity.redeem")
    change = suspect(ports.suspects.get(ANN), state, cause, NOW, State.CONFIRMED)
    assert change is not None
    ports.suspects.write(change)


@pytest.mark.parametrize("state", [State.SUSPECT, State.CHALLENGED])
def test_a_service_releases_who_met_its_challenge(ports: RiskPorts, state: State) -> None:
    listed_by_rule(ports, state)
    released = release_suspect(ReleaseSuspect(ANN, only_below_confirmed=True), ports, doing())
    assert released.entry.state is State.RELEASED


@pytest.mark.parametrize("state", [State.CONFIRMED, State.ALLOWED])
def test_a_service_takes_back_nothing_that_a_person_should(ports: RiskPorts, state: State) -> None:
    if state is State.CONFIRMED:
        listed_by_rule(ports, state)
    else:
        allow_subject(AllowSubject(ANN, NOW + DAY), ports, doing())
    with pytest.raises(Forbidden):
        release_suspect(ReleaseSuspect(ANN, only_below_confirmed=True), ports, doing())
    assert ports.suspects.get(ANN).state is state


def test_only_an_appeal_makes_immune(ports: RiskPorts) -> None:
    listed_by_rule(ports, State.CONFIRMED)
    released = release_suspect(ReleaseSuspect(ANN), ports, doing()).entry
    assert not released.immunities
    listed_by_rule(ports, State.CONFIRMED)
    make_appeal(MakeAppeal("a-1", ANN, "not me"), ports, doing())
    granted = release_suspect(ReleaseSuspect(ANN), ports, doing(event_id="request:2"))
    assert granted.entry.is_immune("pace", 3, NOW + DAY - 1)
    assert not granted.entry.is_immune("pace", 4, NOW)
    assert granted.appeal is not None
    assert granted.appeal.state is AppealState.GRANTED


def test_allowing_a_subject_grants_its_appeal(ports: RiskPorts) -> None:
    listed_by_rule(ports, State.CHALLENGED)
    make_appeal(MakeAppeal("a-1", ANN, "not me"), ports, doing())
    allowed = allow_subject(AllowSubject(ANN, NOW + DAY), ports, doing())
    assert allowed.appeal is not None
    assert allowed.appeal.state is AppealState.GRANTED


def test_a_snooze_leaves_an_appeal_open(ports: RiskPorts) -> None:
    listed_by_rule(ports, State.CHALLENGED)
    make_appeal(MakeAppeal("a-1", ANN, "not me"), ports, doing())
    snoozed = allow_subject(AllowSubject(ANN, NOW + DAY, "pace"), ports, doing())
    assert snoozed.appeal is not None
    assert snoozed.appeal.state is AppealState.OPEN


def test_a_suspect_has_nothing_to_appeal(ports: RiskPorts) -> None:
    listed_by_rule(ports, State.SUSPECT)
    with pytest.raises(Refused, match="nothing to appeal"):
        make_appeal(MakeAppeal("a-1", ANN, "not me"), ports, doing())


def test_a_harder_listing_can_be_appealed_anew(ports: RiskPorts) -> None:
    listed_by_rule(ports, State.CHALLENGED)
    first = make_appeal(MakeAppeal("a-1", ANN, "not me"), ports, doing())
    confirm_suspect(ConfirmSuspect(ANN, None), ports, doing(NOW + HOUR))
    second = make_appeal(MakeAppeal("a-2", ANN, "still not me"), ports, doing(NOW + 2 * HOUR))
    assert (first.appeal_id, second.appeal_id) == ("a-1", "a-2")


def test_dangerous_rules_need_their_own_plan(ports: RiskPorts) -> None:
    command = ApplyRules((PACE,), ("it is harsh",))
    with pytest.raises(Refused, match="it is harsh"):
        apply_rules(command, ports, doing())
    etag = plan_rules(command, ports, doing()).etag
    other = replace(PACE, title="Another")
    with pytest.raises(Raced):
        apply_rules(ApplyRules((other,), ("it is harsh",), plan_etag=etag), ports, doing())
    applied = apply_rules(ApplyRules((PACE,), ("it is harsh",), plan_etag=etag), ports, doing())
    assert (applied.rules.revision, ports.rules.latest().rules[0].version) == (1, 1)
    with pytest.raises(Raced):
        # The same plan again: the ground has changed, so it says nothing any more.
        apply_rules(ApplyRules((other,), ("it is harsh",), plan_etag=etag), ports, doing())


def test_a_rule_that_comes_back_has_a_version_of_its_own(ports: RiskPorts) -> None:
    for rules in ((PACE,), (), (PACE,)):
        apply_rules(ApplyRules(rules, ()), ports, doing())
    assert [rule.version for rule in ports.rules.latest().rules] == [2]
