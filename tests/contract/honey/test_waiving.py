"""WAIVE over SQL: a programme gives up no more than its budget, however many members ask at once."""

import pytest
from sqlalchemy import Connection, Engine

from domain.honey.accounts import Account
from domain.honey.commands.earn import EarnPoints, ReversePoints, earn_points, reverse_points
from domain.honey.commands.rules import ApplyRules, apply_rules
from domain.honey.commands.spend import SpendPoints, spend_points
from domain.honey.programme import Programme, Shortfall, WaiveBudget
from domain.honey.waiving import counter_of
from domain.honey.wallets import MEMBER, Owner, wallet_id_of
from domain.honey.windows import Window
from domain.shared.doing import Doing
from domain.shared.errors import Raced
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.unit import Unit
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from tests.migrated import have_tables
from tests.servers import MariaDB

DOING = Doing("a test", "r1", 1_000)
MEMBERS = [wallet_id_of("honey", Owner(MEMBER, f"m{number}")) for number in range(3)]
"""Each has spent eight of ten points."""


def a_programme(points: int) -> Programme:
    return Programme("honey", shortfall=Shortfall.WAIVE, waive_budget=WaiveBudget(points, Window.MONTH))


def prepared(mariadb: MariaDB, points: int) -> Engine:
    """With a budget of which the first member's eight are waived already."""
    url = mariadb.create_database(f"waive_{points}")
    have_tables(url)
    engine = blocking_engine(StoreConfig(url))
    with engine.begin() as connection:
        unit = Unit(connection, RulesMemory())
        apply_rules(ApplyRules([a_programme(points)]), unit.ports, DOING)
        for wallet_id in MEMBERS:
            earn_points(EarnPoints(wallet_id, f"e {wallet_id}", 10), unit.ports, DOING)
            spend_points(SpendPoints(wallet_id, f"s {wallet_id}", 8), unit.ports, DOING)
        unit.keep()
        unit.flush()
    undo(engine, MEMBERS[0])
    return engine


def undo(engine: Engine, wallet_id: str) -> None:
    with engine.begin() as connection:
        undoing(connection, wallet_id).flush()


def undoing(connection: Connection, wallet_id: str) -> Unit:
    unit = Unit(connection, RulesMemory())
    reverse_points(ReversePoints(wallet_id, f"u {wallet_id}", f"e {wallet_id}"), unit.ports, DOING)
    unit.keep()
    return unit


def overtaken(engine: Engine) -> None:
    """The second member's, while the third's is committed between what it reads and what it writes."""
    with engine.begin() as connection:
        unit = undoing(connection, MEMBERS[1])
        undo(engine, MEMBERS[2])
        unit.flush()


def waived_and_owed(engine: Engine) -> list[tuple[int, int]]:
    with engine.begin() as connection:
        wallets = Unit(connection, RulesMemory()).ports.wallets
        found = [wallets.get(wallet_id) for wallet_id in MEMBERS]
        return [(one.balance(Account.WAIVED), -one.balance(Account.DEBT)) for one in found]


def counted(engine: Engine, points: int) -> int:
    with engine.begin() as connection:
        return Unit(connection, RulesMemory()).ports.counters.get(counter_of(a_programme(points), DOING.now))


def test_a_budget_is_not_overdrawn_by_two_members_at_once(mariadb: MariaDB) -> None:
    """Both saw room for all of theirs; the later one is told to look again, and owes what is more."""
    engine = prepared(mariadb, 20)
    with pytest.raises(Raced):
        overtaken(engine)
    undo(engine, MEMBERS[1])
    assert waived_and_owed(engine) == [(8, 0), (4, 4), (8, 0)]
    assert counted(engine, 20) == 20


def test_two_members_whose_points_both_fit_do_not_race(mariadb: MariaDB) -> None:
    engine = prepared(mariadb, 24)
    overtaken(engine)
    assert waived_and_owed(engine) == [(8, 0)] * 3
    assert counted(engine, 24) == 24
