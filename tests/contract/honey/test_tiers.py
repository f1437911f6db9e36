"""HO-13 over SQL: a tier is what it is by a second idea, whatever else happens; and nobody is told twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, select

from domain.honey import earning
from domain.honey.commands.earn import EarnPoints, ReversePoints, earn_points, reverse_points
from domain.honey.commands.operate import CatchUp, catch_up
from domain.honey.commands.rules import ApplyRules, apply_rules
from domain.honey.commands.spend import SpendPoints, spend_points
from domain.honey.commands.watch import Watched, climb_of, tell_tier
from domain.honey.due import opened
from domain.honey.lots import Lot
from domain.honey.ports import HoneyPorts
from domain.honey.programme import Programme
from domain.honey.tier_events import tier_events
from domain.honey.tier_rules import NO_GRACE, CalendarYear, Downgrade, Tier, TierRules
from domain.honey.wallet import Occasion
from domain.shared.doing import Doing
from domain.shared.errors import DomainError, Raced
from domain.shared.instants import DAY, EARLIEST, Instant
from servers.honey.sql import tables
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.unit import Unit
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from tests.migrated import have_tables
from tests.servers import MariaDB
from tests.unit.honey.histories import WALLET
from tests.unit.honey.naive_tiers import Told, midnight_of
from tests.unit.honey.test_tiers import FIRST, RULES, movements_of, naive_of

on_a_database = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SOUND_RULES = RULES.map(
    lambda rules: replace(rules, grace=NO_GRACE) if rules.downgrade is Downgrade.NONE else rules
)
YEARLY = TierRules((Tier("base", 0), Tier("silver", 100)), CalendarYear())
NOON = midnight_of(FIRST, "UTC") + DAY // 2


@dataclass(frozen=True)
class Earn:
    """Points of an event that may be of the past."""

    lot_id: str
    points: int
    occurred: Instant
    expires: Instant


def earn(command: Earn, ports: HoneyPorts, doing: Doing) -> None:
    wallet = opened(ports, WALLET, doing, Occasion(command.lot_id, "", command.occurred))
    earning.earn(wallet, Lot(command.lot_id, WALLET, command.points, wallet.now, command.expires))
    wallet.close()


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    have_tables(store_url)
    engine = blocking_engine(StoreConfig(store_url))
    yield engine
    engine.dispose()


@st.composite
def heard_of(draw: st.DrawFn) -> list[Told]:
    """In the order in which a server hears of it: some of it late, much of it taken back."""
    story, day = list[Told](), FIRST
    for _ in range(draw(st.integers(3, 8))):
        day += timedelta(days=draw(st.sampled_from([0, 1, 8, 20, 45])))
        undone = {-told.points for told in story if told.points < 0}
        left = [told for told in story if told.points > 0 and told.points not in undone]
        if draw(st.booleans()) and left:
            which = draw(st.sampled_from(left))
            story.append(Told(-which.points, day, day, which.happened))
        else:
            happened = day - timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 30])))
            # The points tell earnings apart.
            points = draw(st.integers(2, 10).filter(lambda n: all(abs(told.points) != n for told in story)))
            story.append(Told(points, happened, day, happened))
    return story


@on_a_database
@given(SOUND_RULES, heard_of(), st.data())
def test_any_tier_is_as_by_the_second_idea(
    engine: Engine, rules: TierRules, story: list[Told], data: st.DataObject
) -> None:
    """HO-13; spends and expiries between them change nothing, and each event is told once (HO-11)."""
    memory = _empty(engine, rules)
    for number, told in enumerate(story):
        now = midnight_of(told.heard, rules.zone)
        is_last_of_instant = number + 1 == len(story) or story[number + 1].heard > told.heard
        with engine.begin() as connection:
            unit = Unit(connection, memory)
            use_case, command = _command(told, rules.zone)
            _run(unit, use_case, command, now)
            if data.draw(st.booleans(), "spends"):
                _run(unit, spend_points, SpendPoints(WALLET, f"s{number}", 3), now)
            if is_last_of_instant and data.draw(st.booleans(), "is told"):
                _run(unit, tell_tier, Watched(WALLET), now)
            unit.flush()
    last = max(told.heard for told in story) + timedelta(days=data.draw(st.integers(0, 60)))
    known = midnight_of(last, rules.zone)
    with engine.begin() as connection:
        unit = Unit(connection, memory)
        _run(unit, catch_up, CatchUp(WALLET), known)
        _run(unit, tell_tier, Watched(WALLET), known)
        unit.flush()
    movements = movements_of(story, rules.zone)
    naive = naive_of(rules, story)
    with engine.begin() as connection:
        climb = climb_of(Unit(connection, memory).ports, WALLET)
        assert climb
        for day in sorted({told.heard for told in story} | {last}):
            status = climb.status(midnight_of(day, rules.zone))
            assert (status.rung, status.points) == (naive.told(day).get(day, 0), naive.points(day, day))
        first = min(movement.recorded for movement in movements)
        events = tier_events(rules, movements, first - 1, known)
        assert _told(connection) == [(type(each).__name__, each.at) for each in events]


def test_what_comes_at_the_instant_that_was_told_of_is_told_later(engine: Engine) -> None:
    """In the same group, or at the same microsecond: nothing is lost."""
    memory = _empty(engine, replace(YEARLY, zone="UTC"))
    with engine.begin() as connection:
        unit = Unit(connection, memory)
        for number in range(2):
            _run(unit, earn_points, EarnPoints(WALLET, f"e{number}", 60), NOON)
            _run(unit, tell_tier, Watched(WALLET), NOON)
        unit.flush()
    with engine.begin() as connection:
        unit = Unit(connection, memory)
        turn = unit.ports.wallets.get(WALLET).watch.tier_turn
        assert turn is not None
        _run(unit, tell_tier, Watched(WALLET), turn)
        unit.flush()
        assert _told(connection) == [("TierRaised", turn)]


def test_who_earns_does_not_forget_what_the_job_told_meanwhile(mariadb: MariaDB) -> None:
    """HO-11: the version of a wallet is not changed by what its member is told."""
    url = mariadb.create_database("told")
    have_tables(url)
    engine = blocking_engine(StoreConfig(url))
    memory = _empty(engine, replace(YEARLY, zone="UTC"))
    _alone(engine, memory, earn_points, EarnPoints(WALLET, "e1", 120), NOON)
    with engine.begin() as connection:
        unit = Unit(connection, memory)
        _run(unit, earn_points, EarnPoints(WALLET, "e2", 5), NOON + 1)
        _alone(engine, memory, tell_tier, Watched(WALLET), NOON + 1)
        with pytest.raises(Raced):
            unit.flush()
    _alone(engine, memory, earn_points, EarnPoints(WALLET, "e2", 5), NOON + 2)
    _alone(engine, memory, tell_tier, Watched(WALLET), NOON + 3)
    with engine.begin() as connection:
        assert _told(connection) == [("TierRaised", NOON)]
    engine.dispose()


def _command(told: Told, zone: str) -> tuple[Any, Any]:
    """A use case, and its command."""
    if told.points < 0:
        return reverse_points, ReversePoints(WALLET, f"u{-told.points}", f"e{-told.points}")
    heard = midnight_of(told.heard, zone)
    return earn, Earn(f"e{told.points}", told.points, midnight_of(told.happened, zone), heard + 15 * DAY)


def _alone(engine: Engine, memory: RulesMemory, use_case: Any, command: Any, now: Instant) -> None:
    with engine.begin() as connection:
        unit = Unit(connection, memory)
        _run(unit, use_case, command, now)
        unit.flush()


def _run(unit: Unit, use_case: Any, command: Any, now: Instant) -> None:
    """A spend of more than is there is refused, and leaves nothing."""
    try:
        use_case(command, unit.ports, Doing("a test", "r1", now))
    except DomainError as refusal:
        if refusal.reason != "INSUFFICIENT_POINTS":
            raise
        unit.drop()
    else:
        unit.keep()


def _told(connection: Connection) -> Sequence[tuple[str, Instant]]:
    outbox = tables.common.outbox.c
    query = select(outbox.type, outbox.payload).where(outbox.type.startswith("Tier")).order_by(outbox.seq)
    return [(kind, orjson.loads(payload)["at"]) for kind, payload in connection.execute(query)]


def _empty(engine: Engine, rules: TierRules) -> RulesMemory:
    memory = RulesMemory()
    with engine.begin() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(delete(table))
        unit = Unit(connection, memory)
        programme = Programme("honey", zone=rules.zone, tiers=rules)
        _run(unit, apply_rules, ApplyRules([programme]), EARLIEST)
        unit.flush()
    return memory
