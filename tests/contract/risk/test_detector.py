"""From recorded decisions to the list and to rules in shadow, on each engine."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Connection, func, select

from domain.risk.blast import FLOOR
from domain.risk.chain import first_broken
from domain.risk.listing import release
from domain.risk.ports import Doing
from domain.risk.rules import Limit, Rule, RuleSet, Spread, StrikePolicy
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.suspects import Cause, Entry
from domain.shared.instants import DAY, MINUTE, SECOND
from servers.mesh.http_client import Endpoint
from servers.mesh.judging.record import DecisionRecord
from servers.risk import detector
from servers.risk.detector import CURSOR, Detector
from servers.risk.engine import Engine, HttpEngine
from servers.risk.simulators import Simulator
from servers.risk.sql.alert_groups import told_by
from servers.risk.sql.cursors import move_cursor, read_cursor
from servers.risk.sql.decisions import add_decisions
from servers.risk.sql.rules import SqlRules
from servers.risk.sql.suspects import SqlSuspects
from servers.risk.sql.tables import decision
from servers.store.leases import Lease
from servers.store.store import Store
from tests.contract.conftest import eventually
from tests.fakes import FakeClock
from tests.unit.mesh.records import a_record, a_refusal, written

MEMBER, DEVICE, ADDRESS = SubjectKind.MEMBER, SubjectKind.DEVICE, SubjectKind.ADDRESS
PURCHASE = "identity.purchase"
MANY = Rule(
    "many",
    "Many purchases",
    "fraud team",
    Limit((MEMBER,), units=10, window_ms=60_000),
    strikes=StrikePolicy(60_000, suspect_after=3, challenged_after=6, confirmed_after=9),
)
SHARED = Rule("shared", "Many members on a device", "fraud team", Spread(DEVICE, 20, 3_600_000))
"""As the shipped one."""


class World:
    """Decisions that come in, and the detector that looks at them."""

    def __init__(self, store: Store, lease: Lease, clock: FakeClock) -> None:
        self.store = store
        self.lease = lease
        self.clock = clock
        self.detector = Detector(store, clock)
        self._number = 0

    async def rules(self, *rules: Rule) -> RuleSet:
        known = await self.store.read(lambda connection: SqlRules(connection).latest())
        applied = RuleSet(known.revision + 1, tuple(replace(rule, version=1) for rule in rules))
        doing = Doing("operator:ann", self.clock.now())
        await self.store.transact(lambda connection: SqlRules(connection).add(applied, doing))
        return applied

    async def decided(self, records: Iterable[DecisionRecord]) -> None:
        await self.store.transact(add_decisions, written(*records))
        await self.detector.catch_up(self.lease)

    def refusals(self, count: int, member: str = "m-1", **fields: object) -> list[DecisionRecord]:
        """So many, a millisecond apart."""
        made = []
        for _ in range(count):
            self._number += 1
            at = self.clock.advance(1_000)
            subjects = (("MEMBER", member),)
            usual = {"time": at, "subjects": subjects, "rule_id": "many"}
            made.append(a_refusal(self._number, **(usual | fields)))
        return made

    def calls(self, members: Iterable[str], device: str) -> list[DecisionRecord]:
        """One of each member from one device, let through."""
        made = []
        for member in members:
            self._number += 1
            at = self.clock.advance(1_000)
            subjects = (("MEMBER", member), ("DEVICE", device))
            made.append(a_record(self._number, time=at, subjects=subjects, authenticated=("MEMBER",)))
        return made

    async def entry(self, value: str, kind: SubjectKind = MEMBER) -> Entry:
        return await self.store.read(lambda connection: SqlSuspects(connection).get(Subject(kind, value)))

    async def state(self, value: str, kind: SubjectKind = MEMBER) -> State:
        return (await self.entry(value, kind)).state_at(self.clock.now())

    async def messages(self) -> Sequence[str]:
        """What people would be told by now, by rule."""
        said = await self.store.transact(told_by, self.clock.now() + MINUTE, 100)
        return sorted(f"{one.key.rule_id}: {one.happened}" for one in said)


@pytest.fixture
async def world(risk_store: Store, risk_lease: Lease, clock: FakeClock) -> World:
    world = World(risk_store, risk_lease, clock)
    await world.rules(MANY, SHARED)
    return world


async def test_who_is_refused_on_and_on_rises_step_by_step(world: World) -> None:
    await world.decided(world.refusals(2))
    assert await world.state("m-1") is State.NONE
    await world.decided(world.refusals(1))
    assert await world.state("m-1") is State.SUSPECT
    await world.decided(world.refusals(3))
    assert await world.state("m-1") is State.CHALLENGED
    await world.decided(world.refusals(5))

    entry = await world.entry("m-1")
    assert (entry.state, entry.rule_id, entry.scene, entry.version) == (State.CONFIRMED, "many", PURCHASE, 3)
    made = await world.store.read(lambda connection: SqlSuspects(connection).transitions(entry.subject))
    assert first_broken(made, entry) is None
    assert made[-1].cause.decision_ids[-1] == "decision-9", "the ninth refusal confirmed it"
    assert made[-1].cause.reason == "9 refusals in 60 s"
    assert await world.messages() == ["many: 3"]


async def test_refusals_that_have_left_the_window_count_no_more(world: World) -> None:
    await world.decided(world.refusals(2))
    world.clock.advance(62 * SECOND)
    await world.decided(world.refusals(2))
    assert await world.state("m-1") is State.NONE


async def test_a_detector_that_starts_again_goes_on_where_it_was(world: World) -> None:
    await world.decided(world.refusals(2))
    world.detector = Detector(world.store, world.clock)
    await world.decided(world.refusals(1))
    assert (await world.entry("m-1")).version == 1, "it remembers what it only looks at again"
    world.detector = Detector(world.store, world.clock)
    await world.decided([])
    assert (await world.entry("m-1")).version == 1, "and does not act on it again"


async def test_what_was_recorded_while_no_detector_ran_is_acted_on(world: World) -> None:
    await world.decided(world.refusals(1))
    await world.store.transact(add_decisions, written(*world.refusals(5)))
    world.detector = Detector(world.store, world.clock)
    await world.decided([])
    assert await world.state("m-1") is State.CHALLENGED


async def test_two_detectors_list_a_subject_once(world: World) -> None:
    """A holder that does not know yet that its lease is gone, and the next one."""
    await world.store.transact(add_decisions, written(*world.refusals(6)))
    other = Detector(world.store, world.clock)
    await asyncio.gather(world.detector.catch_up(world.lease), other.catch_up(world.lease))
    entry = await world.entry("m-1")
    made = await world.store.read(lambda connection: SqlSuspects(connection).transitions(entry.subject))
    assert first_broken(made, entry) is None
    assert len(made) <= 2, "SUSPECT, CHALLENGED"


async def test_who_was_let_go_is_not_listed_again_for_what_lay_before(world: World) -> None:
    await world.decided(world.refusals(8))
    listed = await world.entry("m-1")
    freed = release(listed, Cause("operator:ann", "a mistake", "request 1"), world.clock.advance(SECOND))
    assert freed is not None
    await world.store.transact(lambda connection: SqlSuspects(connection).write(freed))
    await world.decided(world.refusals(2))
    assert await world.state("m-1") is State.RELEASED

    world.clock.advance(2 * MINUTE)
    await world.decided(world.refusals(9))
    assert await world.state("m-1") is State.CONFIRMED, "what it does afterwards counts"


async def test_a18_whoever_names_a_member_without_proof_does_not_list_it(world: World) -> None:
    await world.decided(world.refusals(50, member="victim", authenticated=()))
    assert await world.state("victim") is State.NONE


async def test_refusals_of_another_version_of_a_rule_count_for_nobody(world: World) -> None:
    await world.decided(world.refusals(9, rule_version=2))
    assert await world.state("m-1") is State.NONE


async def test_a17_low_and_slow_from_one_device_is_caught_and_honest_devices_are_not(world: World) -> None:
    """10,000 members, none of whom any limit refuses; beside them homes with five members a device."""
    for start in range(0, 10_000, 1_000):
        await world.decided(world.calls((f"mule-{number}" for number in range(start, start + 1_000)), "farm"))
        home = f"home-{start}"
        await world.decided(world.calls([f"{home}-{number}" for number in range(5)] * 20, home))

    assert await world.state("farm", DEVICE) is State.CHALLENGED
    homes = [await world.state(f"home-{start}", DEVICE) for start in range(0, 10_000, 1_000)]
    assert set(homes) == {State.NONE}
    assert (await world.entry("farm", DEVICE)).version == 1, "one listing, not one for each member"
    assert await world.messages() == ["shared: 1"]


async def test_a17_the_farm_is_caught_at_the_first_member_too_many(world: World) -> None:
    await world.decided(world.calls((f"mule-{number}" for number in range(20)), "farm"))
    assert await world.state("farm", DEVICE) is State.NONE
    await world.decided(world.calls(["mule-20"], "farm"))
    assert await world.state("farm", DEVICE) is State.CHALLENGED


async def test_a_device_with_members_whom_nobody_proved_is_no_farm(world: World) -> None:
    calls = world.calls((f"forged-{number}" for number in range(500)), "victim's phone")
    await world.decided(call._replace(authenticated=()) for call in calls)
    assert await world.state("victim's phone", DEVICE) is State.NONE


async def test_f42_a_rule_that_refuses_too_many_is_in_shadow_and_its_owner_told(world: World) -> None:
    strict = replace(MANY, strikes=None)
    await world.rules(strict, SHARED)
    calm = [f"calm-{number}" for number in range(1_000)]
    await world.decided(world.calls(calm, "phone"))
    refused = [record for name in calm[:FLOOR] for record in world.refusals(1, member=name)]
    await world.decided(refused)
    assert await world.detector.watch_rules(world.lease) == [], "so few any rule may refuse"

    await world.decided(record for name in calm[FLOOR:40] for record in world.refusals(1, member=name))
    [trip] = await world.detector.watch_rules(world.lease)
    assert (trip.newly_refused, trip.what.rule_id) == (40, "many")
    rules = await world.store.read(lambda connection: SqlRules(connection).latest())
    [many] = [rule for rule in rules.rules if rule.rule_id == "many"]
    assert not many.is_enforced(PURCHASE, "MEMBER:calm-1")
    assert many.is_enforced("identity.refund", "MEMBER:calm-1"), "only where it did harm"
    assert (await world.messages())[0] == "many: 1"
    assert await world.detector.watch_rules(world.lease) == []


async def test_the_engine_knows_worse_and_is_heard_within_the_ceiling(world: World) -> None:
    async with Simulator() as simulator:
        says = {"state": "CONFIRMED", "reason": "mule of another company", "keep_seconds": 60}
        simulator.assessments = {"m-1": says, "farm": says}
        engine = Engine(HttpEngine(Endpoint(simulator.engine_url)), world.clock)
        world.detector = Detector(world.store, world.clock, engine)
        await world.decided(world.refusals(3))
        await world.decided(world.refusals(3, member="m-2"))
        await world.decided(world.calls((f"mule-{number}" for number in range(21)), "farm"))
        await engine.close()

    entry = await world.entry("m-1")
    assert entry.state is State.CONFIRMED
    assert "mule of another company" in entry.reason
    assert await world.state("m-2") is State.SUSPECT, "of whom it knows nothing"
    assert await world.state("farm", DEVICE) is State.CHALLENGED, "which is the most for a shared device"


async def test_a_record_with_subjects_that_are_none_stops_nothing(world: World) -> None:
    odd = world.refusals(1, subjects=(("PLANET", "Mars"),))
    await world.decided([*odd, *world.refusals(3)])
    assert await world.state("m-1") is State.SUSPECT


async def test_a14_the_owner_of_a_rule_whose_condition_fails_is_told_once_an_hour(world: World) -> None:
    evidence = {"conditions": {"many": "ERROR", "shared": "TRUE", "unknown": "ERROR"}}
    failing = [record._replace(evidence=evidence) for record in world.calls(["m-1"] * 30, "phone")]
    await world.decided(failing)
    assert await world.messages() == ["many: 1"]


async def test_what_was_acted_on_is_not_acted_on_again_when_the_cursor_is_lost(world: World) -> None:
    await world.decided(world.refusals(3))
    world.clock.advance(2 * DAY)
    await world.store.transact(move_cursor, CURSOR, 0)
    world.detector = Detector(world.store, world.clock)
    await world.decided([])
    assert (await world.entry("m-1")).version == 1
    assert await world.state("m-1") is State.NONE, "its time is over, and what it did is no news"


async def test_a_shared_address_is_challenged_at_most_and_another_is_listed(world: World) -> None:
    """Eleven proved members called from the one; from the other only the stranger who is refused."""
    office, cellar = "192.0.2.1", "192.0.2.2"
    await world.rules(replace(MANY, effect=Limit((ADDRESS,), units=10, window_ms=60_000)))
    calls = world.calls((f"m-{number}" for number in range(11)), "unused")
    await world.decided(
        call._replace(subjects=(call.subjects[0], ("ADDRESS", office)), authenticated=("MEMBER", "ADDRESS"))
        for call in calls
    )
    for address in (office, cellar):
        await world.decided(world.refusals(9, subjects=(("ADDRESS", address),)))
    assert await world.state(office, ADDRESS) is State.CHALLENGED
    assert await world.state(cellar, ADDRESS) is State.CONFIRMED


async def test_each_batch_is_judged_by_the_rules_of_its_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector, "AT_ONCE", 3)
    await world.store.transact(add_decisions, written(*world.refusals(6)))
    assert await world.detector.look(world.lease) == 3
    await world.rules(replace(MANY, strikes=None), SHARED)
    await world.detector.catch_up(world.lease)
    assert await world.state("m-1") is State.SUSPECT, "the second half met a rule that lists nobody"


async def test_f42_the_breaker_trips_while_decisions_come_in_faster_than_they_are_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector, "AT_ONCE", 1)
    monkeypatch.setattr(detector, "BLAST_SECONDS", 0.0)
    await world.rules(replace(MANY, strikes=None), SHARED)
    refused = [record for number in range(400) for record in world.refusals(1, member=f"m-{number}")]
    await world.store.transact(add_decisions, written(*refused))
    following = asyncio.create_task(world.detector.run(world.lease))

    async def is_tripped() -> bool:
        return (await world.store.read(lambda connection: SqlRules(connection).latest())).revision > 2

    await eventually(is_tripped)
    following.cancel()
    left = await world.store.read(_left)
    assert left, "long before it had seen them all"


def _left(connection: Connection) -> int:
    """Decisions that the detector has not looked at."""
    seen = read_cursor(connection, CURSOR)
    return connection.scalar(select(func.count()).select_from(decision).where(decision.c.id > seen)) or 0
