"""The unit of work: commands of one transaction keep or drop what they wrote, and see each other."""

from sqlalchemy import Connection, func, select

from domain.identity.commands.change import MergeMembers, merge_members
from domain.identity.commands.grant import grant_term
from domain.identity.terms import Cause, CauseKind
from servers.identity.sql.tables import common, event, segment, term, timeline, trial
from servers.identity.sql.unit import Memory, Unit
from tests.contract.identity.commands import NOW, a_grant, done
from tests.contract.identity.conftest import Connect
from tests.wire.identity.cards import TRIAL

WRITTEN = (timeline, event, term, segment, trial, common.outbox)


def _counts(connection: Connection) -> list[int]:
    return [connection.scalar(select(func.count()).select_from(table)) or 0 for table in WRITTEN]


def test_what_is_kept_is_written_and_what_is_dropped_is_not(connect: Connect) -> None:
    connection = connect()
    unit = Unit(connection, Memory())
    done(unit, grant_term, a_grant("ann"))
    grant_term(a_grant("ann"), unit.ports, NOW)
    grant_term(a_grant("bob", TRIAL), unit.ports, NOW)
    unit.drop()
    unit.flush()
    assert _counts(connection) == [1, 2, 1, 1, 0, 2]
    assert len(unit.ports.timelines.get("ann").terms) == 1
    assert unit.ports.timelines.get("bob").sequence == 0


def test_nothing_is_written_before_the_flush(connect: Connect) -> None:
    connection = connect()
    unit = Unit(connection, Memory())
    done(unit, grant_term, a_grant("ann", TRIAL))
    assert _counts(connection) == [0] * len(WRITTEN)
    unit.flush()
    assert _counts(connection) == [1, 2, 1, 1, 1, 2]


def test_a_command_sees_what_the_ones_before_it_kept(connect: Connect) -> None:
    unit, cause = Unit(connect(), Memory()), Cause(CauseKind.GIFT, "once")
    first = done(unit, grant_term, a_grant("ann", TRIAL, cause=cause))
    again = done(unit, grant_term, a_grant("ann", TRIAL, cause=cause))
    assert again.term_id == first.term_id
    assert unit.ports.claims.trial_used("gold_taste", ["m:ann"])
    second = done(unit, grant_term, a_grant("ann"))
    assert list(second.written.timeline.terms) == [first.term_id, second.term_id]


def test_a_merge_takes_along_a_trial_of_the_same_transaction(connect: Connect) -> None:
    connection = connect()
    unit = Unit(connection, Memory())
    done(unit, grant_term, a_grant("bob", TRIAL))
    done(unit, merge_members, MergeMembers("ann", "bob"))
    unit.flush()
    subjects = set(connection.scalars(select(trial.c.subject)))
    assert subjects == {"m:ann", "m:bob"}


def test_a_timeline_from_memory_is_the_one_from_the_facts(connect: Connect) -> None:
    connection, memory = connect(), Memory()
    for _ in range(3):
        unit = Unit(connection, memory)
        done(unit, grant_term, a_grant("ann"))
        unit.flush()
        assert list(unit.remember()) == ["ann"]
    warm, cold = Unit(connection, memory).ports.timelines, Unit(connection, Memory()).ports.timelines
    assert warm.get("ann") == cold.get("ann")
    assert warm.layout(warm.get("ann")) == cold.layout(cold.get("ann"))
    assert list(warm.history("ann")) == list(cold.history("ann"))


def test_what_another_process_wrote_is_not_hidden_by_memory(connect: Connect) -> None:
    connection, stale = connect(), Memory()
    for memory in (stale, Memory()):
        unit = Unit(connection, memory)
        done(unit, grant_term, a_grant("ann"))
        unit.flush()
        unit.remember()
    assert len(Unit(connection, stale).ports.timelines.get("ann").terms) == 2
