"""AP-2 over SQL: one reward for a version, a member and a period, though nothing else remembers events.

Events are given straight to the tasks, past the record of events, which would let none through twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, select

from domain.honey.accounts import Account
from domain.honey.due import opened
from domain.honey.earning_events import Event
from domain.honey.known import Held
from domain.honey.ports import HoneyPorts
from domain.honey.programme import Programme
from domain.honey.rewarding import advance_tasks
from domain.honey.rules import Rules
from domain.honey.task_rules import Points, TaskVersion, Times
from domain.honey.tasks import ProgressKey, TaskCompleted, progress_of
from domain.honey.wallet import Occasion
from domain.honey.wallets import MEMBER, Owner, wallet_id_of
from domain.shared.doing import Doing
from domain.shared.errors import Raced
from domain.shared.instants import DAY, EARLIEST
from servers.honey.sql import tables
from servers.honey.sql.rules import Revision, RulesMemory
from servers.honey.sql.task_progress import progress_of_row
from servers.honey.sql.unit import Unit
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from tests.migrated import have_tables
from tests.servers import MariaDB
from tests.unit.honey.naive_tasks import Seen, label, values
from tests.unit.honey.test_tasks import GOLD, RIDES, START, TASKS, deliveries, event_of, naive_of, ride

NOW = Doing("a test", "r1", START + 365 * DAY)
POINTS = 50


@dataclass(frozen=True)
class Deliver:
    """An event comes, maybe not for the first time."""

    event: Event
    held: frozenset[str] = frozenset()

    @property
    def wallet_id(self) -> str:
        return wallet_id_of("honey", Owner(MEMBER, self.event.member_id))


def deliver(command: Deliver, ports: HoneyPorts, doing: Doing) -> list[TaskCompleted]:
    wallet = opened(ports, command.wallet_id, doing, Occasion())
    completed = advance_tasks(wallet, command.event, Held(at_event=command.held), ports, doing)
    wallet.close()
    return completed


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    have_tables(store_url)
    engine = blocking_engine(StoreConfig(store_url))
    yield engine
    engine.dispose()


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TASKS, deliveries(), st.lists(st.integers(1, 6), min_size=1, max_size=3))
def test_whatever_comes_however_often_and_in_whatever_groups_each_reward_is_given_once(
    engine: Engine, task: TaskVersion, seen: list[Seen], sizes: list[int]
) -> None:
    known, left = _knowing(engine, task), list(seen)
    while left:
        size = sizes[len(left) % len(sizes)]
        group, left = left[:size], left[size:]
        commands = [Deliver(event_of(each), GOLD if each.holds_gold else frozenset()) for each in group]
        with engine.begin() as connection:
            unit = Unit(connection, known)
            unit.prefetch(commands)
            for command in commands:
                deliver(command, unit.ports, NOW)
                unit.keep()
            unit.flush()
    expected = values(naive_of(task), seen)
    done = [key for key, value in expected.items() if value == task.goal.target]
    with engine.begin() as connection:
        rows = [progress_of_row(row) for row in connection.execute(select(tables.task_progress))]
        assert {_label(row.key, task): row.value for row in rows} == expected
        assert sorted(_label(key, task) for key in _told(connection)) == sorted(done)
        for member in ("m1", "m2"):
            wallet = wallet_id_of("honey", Owner(MEMBER, member))
            standing = Unit(connection, known).ports.wallets.get(wallet)
            given = [member_id for member_id, _ in done].count(member)
            assert -standing.balance(Account.ISSUED) == POINTS * given


def test_a_step_that_another_writer_took_first_is_taken_again(mariadb: MariaDB) -> None:
    """No points move yet, so that no wallet's version says who was first."""
    url = mariadb.create_database("raced_tasks")
    have_tables(url)
    engine = blocking_engine(StoreConfig(url))
    task = TaskVersion("rides", 1, "Ride", "ride.ended", Times(4), Points(POINTS), RIDES.opens)
    known = _knowing(engine, task)
    for mine, theirs in ("ab", "cd"):
        with pytest.raises(Raced), engine.begin() as connection:
            _overtaken(engine, known, connection, mine, theirs)
        _ridden(engine, known, mine)
    with engine.begin() as connection:
        key = progress_of("honey", task, "m1", task.opens).key
        found = Unit(connection, known).ports.task_progress.get(key)
        assert found
        assert (found.value, found.completed) == (4, NOW.now)
        assert _told(connection) == [key]
    engine.dispose()


def _overtaken(engine: Engine, known: RulesMemory, connection: Connection, mine: str, theirs: str) -> None:
    """One ride, while another is committed between what it reads and what it writes."""
    unit = Unit(connection, known)
    deliver(Deliver(ride(mine, "2026-03-02")), unit.ports, NOW)
    unit.keep()
    _ridden(engine, known, theirs)
    unit.flush()


def _ridden(engine: Engine, known: RulesMemory, event_id: str) -> None:
    with engine.begin() as connection:
        unit = Unit(connection, known)
        deliver(Deliver(ride(event_id, "2026-03-02")), unit.ports, NOW)
        unit.keep()
        unit.flush()


def _told(connection: Connection) -> list[ProgressKey]:
    """What was completed, as others hear it."""
    columns = tables.common.outbox.c
    payloads = connection.scalars(select(columns.payload).where(columns.type == "TaskCompleted"))
    return [
        ProgressKey(*(found[name] for name in ProgressKey._fields)) for found in map(orjson.loads, payloads)
    ]


def _label(key: ProgressKey, task: TaskVersion) -> tuple[str, str]:
    return key.member_id, label(task.rhythm.value, key.period, task.zone)


def _knowing(engine: Engine, task: TaskVersion) -> RulesMemory:
    """Nothing but a programme with one task, which it knows by heart."""
    with engine.begin() as connection:
        for table in tables.metadata.sorted_tables:
            connection.execute(delete(table))
        row = {"revision": 1, "effective_time": 0, "actor": "a test", "reason": "", "content": b"[]"}
        connection.execute(tables.rules.insert(), row)
    memory = RulesMemory()
    memory.revisions[1] = Revision(Rules(1, {"honey": Programme("honey", tasks=(task,))}), EARLIEST)
    return memory
