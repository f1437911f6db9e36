"""The ports over SQL are as good as those in memory: any history, in groups of any size, on both engines."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, func, select

from domain.honey.accounts import Account
from domain.honey.commands.operate import CatchUp, catch_up
from domain.honey.commands.rules import ApplyRules, apply_rules
from domain.honey.holds import Hold
from domain.honey.liability import Month
from domain.honey.lots import Lot
from domain.honey.programme import HeldExpiry, Programme
from domain.honey.transactions import Transaction
from domain.honey.wallets import Standing
from domain.shared.doing import Doing
from domain.shared.errors import DomainError
from domain.shared.instants import DAY
from servers.honey.sql import tables
from servers.honey.sql.liability import liabilities
from servers.honey.sql.lots import CHUNK, lots_of
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.transactions import transactions_behind
from servers.honey.sql.unit import Unit
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from tests.migrated import have_tables
from tests.unit.honey.histories import PROGRAMMES, WALLET, Command, histories
from tests.unit.honey.naive import TICK
from tests.unit.honey.ports import Ledger

on_a_database = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""One for all examples, and no faster than its disk."""


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    have_tables(store_url)
    engine = blocking_engine(StoreConfig(store_url))
    yield engine
    engine.dispose()


@on_a_database
@given(PROGRAMMES, histories(), st.lists(st.integers(1, 5), min_size=1))
def test_any_history_ends_as_in_memory(
    engine: Engine, programme: Programme, history: list[Command], sizes: list[int]
) -> None:
    memory = Ledger(programme)
    _empty(engine, programme)
    for group in _groups(history, sizes):
        reasons = [_tried(command, memory) for command in group]
        with engine.begin() as connection:
            unit = Unit(connection, RulesMemory())
            assert [_tried_in(command, unit) for command in group] == reasons
            unit.flush()
    memory.run(catch_up, CatchUp(WALLET), history[-1].at)
    with engine.begin() as connection:
        unit = Unit(connection, RulesMemory())
        _catch_up(unit, history[-1].at)
        unit.flush()
    with engine.begin() as connection:
        standing = Unit(connection, RulesMemory()).ports.wallets.get(WALLET)
        # Only a bound, and stored rows make it a lower one than those in memory.
        dues = [lot.due for lot in memory.lots.of(WALLET) if lot.due and lot.due > history[-1].at]
        assert not dues or (standing.next_due is not None and standing.next_due <= min(dues))
        assert _all(connection) == (
            replace(memory.wallets.get(WALLET), next_due=standing.next_due),
            memory.lots.of(WALLET),
            memory.wallets.transactions,
            memory.holds.rows,
        )


@on_a_database
@given(PROGRAMMES, histories(), st.integers(0, 20).map(lambda ticks: ticks * TICK))
def test_what_is_owed_does_not_depend_on_whether_what_is_due_was_written(
    engine: Engine, programme: Programme, history: list[Command], later: int
) -> None:
    """Under STRICT what is held of a lot that is over counts as outstanding until it is written."""
    assume(programme.held_expiry is HeldExpiry.HONOUR)
    _empty(engine, programme)
    now = history[-1].at + later
    soon, then = now + 5 * TICK, now + 10 * TICK
    months = [Month("soon", now, soon), Month("then", soon, then)]
    with engine.begin() as connection:
        unit = Unit(connection, RulesMemory())
        for command in history:
            _tried_in(command, unit)
        unit.flush()
        standing = unit.ports.wallets.get(WALLET)
        assume(not standing.balance(Account.DEBT) and not standing.balance(Account.HELD))
        before = liabilities(connection, "honey", months, now)
    with engine.begin() as connection:
        unit = Unit(connection, RulesMemory())
        _catch_up(unit, now)
        unit.flush()
        assert liabilities(connection, "honey", months, now) == before
        [found] = before
        standing = unit.ports.wallets.get(WALLET)
        assert (found.active, found.pending) == (
            standing.balance(Account.ACTIVE),
            standing.balance(Account.PENDING),
        )
        assert found.used == standing.balance(Account.SPENT)
        outstanding = found.active + found.pending
        assert sum(found.expiring.values()) + found.later + found.never == outstanding


def test_burn_order_goes_on_where_a_chunk_ends(engine: Engine) -> None:
    """One spend of more lots than are read at once."""
    programme = Programme("honey")
    _empty(engine, programme)
    count = 2 * CHUNK + 3
    history = [Command(1, "earn", f"lot{number}", 2, until=1_000 - number) for number in range(count)]
    history.append(Command(2, "spend", "all but one", 2 * count - 1))
    with engine.begin() as connection:
        unit = Unit(connection, RulesMemory())
        assert [_tried_in(command, unit) for command in history[:-1]] == [""] * count
        unit.flush()
    with engine.begin() as connection:
        unit = Unit(connection, RulesMemory())
        assert _tried_in(history[-1], unit) == ""
        unit.flush()
        left = lots_of(connection, WALLET, 0, count, with_points=True)
        assert [(lot.lot_id, lot.active) for lot in left] == [("lot0", 1)]


def test_what_a_member_did_while_a_lot_was_empty_is_found(engine: Engine) -> None:
    """In the database, or in the group of commands that is not written yet."""
    _empty(engine, Programme("honey", zone="UTC"))
    history = [
        Command(0, "earn", "slides", 5, sliding=1),
        Command(0, "spend", "all", 5),
        Command(DAY, "earn", "more", 1),
        Command(2 * DAY, "earn", "even more", 1),
        Command(3 * DAY, "reverse", "all", 5, again="undo"),
    ]
    for group in (history[:3], history[3:]):
        with engine.begin() as connection:
            unit = Unit(connection, RulesMemory())
            assert not any(_tried_in(command, unit) for command in group)
            unit.flush()
    with engine.begin() as connection:
        lot = Unit(connection, RulesMemory()).ports.lots.get("slides")
        assert lot
        assert (lot.active, lot.expires) == (5, 4 * DAY)


def test_the_database_itself_refuses_a_wallet_that_does_not_add_up(engine: Engine) -> None:
    """HO-1, HO-3."""
    _empty(engine, Programme("honey"))
    with engine.begin() as connection:
        unit = Unit(connection, RulesMemory())
        _tried_in(Command(1, "earn", "lot1", 10), unit)
        unit.flush()
    for values in ({"active": tables.wallet.c.active + 1}, {"active": -1, "spent": 11}):
        with pytest.raises(Exception, match=r"(?i)check|constraint"), engine.begin() as connection:
            connection.execute(tables.wallet.update().values(**values))


class _Runs:
    """What a command of the histories runs on, with the unit in the place of the ledger."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def run(self, use_case, command, now):  # type: ignore[no-untyped-def]  # as Ledger.run
        self._unit.prefetch([command])
        try:
            result = use_case(command, self._unit.ports, Doing("a test", "r1", now))
        except DomainError:
            self._unit.drop()
            raise
        self._unit.keep()
        return result


def _tried_in(command: Command, unit: Unit) -> str:
    return _tried(command, _Runs(unit))  # type: ignore[arg-type]  # both run use cases


def _tried(command: Command, ledger: Ledger) -> str:
    """The reason of its refusal, or nothing."""
    try:
        command.on(ledger)
    except DomainError as refusal:
        return refusal.reason
    return ""


def _catch_up(unit: Unit, now: int) -> None:
    _Runs(unit).run(catch_up, CatchUp(WALLET), now)  # type: ignore[no-untyped-call]


def _groups(history: list[Command], sizes: list[int]) -> Iterator[list[Command]]:
    at, turn = 0, 0
    while at < len(history):
        size = sizes[turn % len(sizes)]
        yield history[at : at + size]
        at, turn = at + size, turn + 1


def _empty(engine: Engine, programme: Programme) -> None:
    """Nothing but the rules."""
    with engine.begin() as connection:
        for table in tables.metadata.sorted_tables:
            connection.execute(delete(table))
        unit = Unit(connection, RulesMemory())
        apply_rules(ApplyRules([programme]), unit.ports, Doing("a test", "r0", 0))


def _all(
    connection: Connection,
) -> tuple[Standing, list[Lot], list[Transaction], dict[str, Hold]]:
    ports = Unit(connection, RulesMemory()).ports
    kept = connection.scalars(select(tables.hold.c.hold_id)).all()
    holds = {hold_id: hold for hold_id in kept if (hold := ports.holds.get(hold_id))}
    assert connection.scalar(select(func.count()).select_from(tables.entry)) or not holds
    return (
        ports.wallets.get(WALLET),
        lots_of(connection, WALLET, 0, 1_000, with_points=False),
        transactions_behind(connection, WALLET, 0, 1_000),
        holds,
    )
