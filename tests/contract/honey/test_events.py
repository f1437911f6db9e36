"""Earning events over SQL come to what they come to in memory; what everybody shares is never overdrawn."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete

from domain.honey.commands.earn import ReversePoints, reverse_points
from domain.honey.commands.events import RecordEvent, record_event
from domain.honey.commands.refunds import RefundOrderItems, refund_order_items
from domain.honey.earning_awards import FixedPoints
from domain.honey.earning_caps import Cap, Counter, Over, Scope
from domain.honey.earning_conditions import HoldsAnyOf
from domain.honey.earning_rules import EarningRules
from domain.honey.event_records import CounterKey, EventKey, earning_id
from domain.honey.known import Held
from domain.honey.order_refunds import Refund
from domain.honey.programme import Programme
from domain.honey.rules import Rules
from domain.honey.task_rules import Benefit, Paid, Points, Rhythm, TaskVersion, Times
from domain.honey.tier_rules import Tier, TierRules
from domain.honey.windows import Window
from domain.shared.doing import Doing
from domain.shared.errors import DomainError, Raced
from domain.shared.instants import EARLIEST
from servers.honey.sql import tables
from servers.honey.sql.rules import Revision, RulesMemory
from servers.honey.sql.unit import Unit
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from tests.migrated import have_tables
from tests.servers import MariaDB
from tests.unit.honey.earnings import (
    SCENE,
    START,
    Step,
    a_rule,
    an_order,
    capped_programmes,
    histories,
    programmes,
    the_rules,
)
from tests.unit.honey.ports import Ledger
from tests.unit.honey.test_recording import recording

GOLD = frozenset({"gold_year"})
Use = tuple[Callable[..., Any], Any, int]
"""A use case, its command, and when."""


LADDER = TierRules((Tier("base", 0), Tier("gold", 20)))
TASKS = (
    TaskVersion("often", 1, "Twice a week", SCENE, Times(2), Points(7), 0, rhythm=Rhythm.WEEK),
    TaskVersion("much", 1, "Spend", SCENE, Paid(900, "CNY", 100), Benefit("tea"), 0, rhythm=Rhythm.MONTH),
    TaskVersion("gold", 1, "As gold", SCENE, Times(1), Points(1), 0, conditions=(HoldsAnyOf(GOLD),)),
)


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    have_tables(store_url)
    engine = blocking_engine(StoreConfig(store_url))
    yield engine
    engine.dispose()


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    programmes() | capped_programmes(),
    histories(),
    st.lists(st.tuples(st.integers(0, 11), st.integers(1, 400)), max_size=4),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
)
def test_any_history_of_events_ends_as_in_memory(
    engine: Engine,
    rules: EarningRules,
    history: list[Step],
    refunds: list[tuple[int, int]],
    sizes: list[int],
) -> None:
    """In groups of any size: events, refunds before and after them, and earnings that are reversed."""
    programme = Programme("honey", rules.zone, scenes=rules.scenes, tasks=TASKS, tiers=LADDER)
    memory, known = Ledger(programme), _memory_of(programme)
    _empty(engine)
    uses = list(_uses(history, refunds))
    while uses:
        size = sizes[len(uses) % len(sizes)]
        group, uses = uses[:size], uses[size:]
        said = [_tried(memory.run, use) for use in group]
        with engine.begin() as connection:
            unit = Unit(connection, known)
            unit.prefetch([command for _, command, _ in group])
            assert [_tried(_running(unit), use) for use in group] == said
            unit.flush()
    with engine.begin() as connection:
        ports = Unit(connection, known).ports
        for key, record in memory.events.rows.items():
            assert ports.events.get(key) == record
            expected = sorted(memory.rule_earnings.of_event(key), key=lambda each: each.lot_id)
            assert ports.rule_earnings.of_event(key) == expected
        assert {key: ports.counters.get(key) for key in memory.counters.rows} == memory.counters.rows
        assert {key: ports.task_progress.get(key) for key in memory.task_progress.rows} == (
            memory.task_progress.rows
        )
        assert all(ports.lots.get(lot_id) == lot for lot_id, lot in memory.lots.rows.items())
        for wallet_id, standing in memory.wallets.standings.items():
            assert ports.movements.of(wallet_id) == memory.movements.of(wallet_id)
            found = ports.wallets.get(wallet_id)
            assert replace(found, next_due=None) == replace(standing, next_due=None)


def _uses(history: list[Step], refunds: list[tuple[int, int]]) -> Iterator[Use]:
    for number, step in enumerate(history):
        for place, (which, amount) in enumerate(refunds):
            if which == number:
                order = f"e{place}"  # Maybe one that has not come yet.
                command = RefundOrderItems(EventKey("honey", order), f"r{place}", [Refund("i0", amount)])
                yield refund_order_items, command, step.now
        yield record_event, replace(recording(step.event), held=Held(*step.held)), step.now
    last = history[-1]
    for step in history:
        lot_id = _a_lot(step)
        wallet_id = recording(step.event).wallet_id
        yield reverse_points, ReversePoints(wallet_id, f"u{step.event.event_id}", lot_id, 1), last.now


def _a_lot(step: Step) -> str:
    return earning_id(EventKey("honey", step.event.event_id), "r1")


def test_a_budget_is_not_overdrawn_by_two_events_at_once(mariadb: MariaDB) -> None:
    """HO-10: both saw room for all they earn; the later one is told to look again, and gets what is left."""
    engine, known = _with_a_budget_of(mariadb, 25)
    _posted(engine, known, _of_member(0))
    with pytest.raises(Raced), engine.begin() as connection:
        _overtaken(engine, known, connection)
    _posted(engine, known, _of_member(1))
    with engine.begin() as connection:
        assert Unit(connection, known).ports.counters.get(_BUDGET) == 25


def test_events_that_both_fit_into_a_budget_do_not_race(mariadb: MariaDB) -> None:
    engine, known = _with_a_budget_of(mariadb, 30)
    _posted(engine, known, _of_member(0))
    with engine.begin() as connection:
        _overtaken(engine, known, connection)
    with engine.begin() as connection:
        assert Unit(connection, known).ports.counters.get(_BUDGET) == 30


_BUDGET = CounterKey("honey", "", Counter("base", Scope.EVERYBODY, Window.LIFETIME, EARLIEST))


def _with_a_budget_of(mariadb: MariaDB, points: int) -> tuple[Engine, RulesMemory]:
    """A database with a rule that gives everybody ten points, as long as the budget lasts."""
    url = mariadb.create_database(f"budget_{points}")
    have_tables(url)
    engine = blocking_engine(StoreConfig(url))
    _empty(engine)
    budget = Cap(points, Window.LIFETIME, Scope.EVERYBODY, Over.CUT)
    rules = the_rules(a_rule(FixedPoints(10), caps=(budget,)))
    return engine, _memory_of(Programme("honey", scenes=rules.scenes))


def _of_member(number: int) -> RecordEvent:
    return recording(replace(an_order(1, event_id=f"e{number}"), member_id=f"m{number}"))


def _overtaken(engine: Engine, known: RulesMemory, connection: Connection) -> None:
    """The event of member 1, while that of member 2 is committed between what it reads and what it writes."""
    unit = Unit(connection, known)
    _done(unit, _of_member(1))
    _posted(engine, known, _of_member(2))
    unit.flush()


def _posted(engine: Engine, known: RulesMemory, command: RecordEvent) -> None:
    with engine.begin() as connection:
        unit = Unit(connection, known)
        _done(unit, command)
        unit.flush()


def _done(unit: Unit, command: RecordEvent) -> None:
    record_event(command, unit.ports, Doing("a test", "r1", START))
    unit.keep()


def _memory_of(programme: Programme) -> RulesMemory:
    memory = RulesMemory()
    memory.revisions[1] = Revision(Rules(1, {programme.programme_id: programme}), EARLIEST)
    return memory


def _empty(engine: Engine) -> None:
    """Nothing but the number of the rules, which the tests know by heart."""
    with engine.begin() as connection:
        for table in tables.metadata.sorted_tables:
            connection.execute(delete(table))
        row = {"revision": 1, "effective_time": 0, "actor": "a test", "reason": "", "content": b"[]"}
        connection.execute(tables.rules.insert(), row)


def _tried(run: Callable[..., Any], use: Use) -> str:
    """The reason of its refusal, or nothing."""
    try:
        run(*use)
    except DomainError as refusal:
        return refusal.reason
    return ""


def _running(unit: Unit) -> Callable[..., Any]:
    def run(use_case: Callable[..., Any], command: Any, now: int) -> Any:
        try:
            result = use_case(command, unit.ports, Doing("a test", "r1", now))
        except DomainError:
            unit.drop()
            raise
        unit.keep()
        return result

    return run
