"""Many subjects changed in one transaction: as if each had been changed by itself."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from domain.risk.chain import first_broken
from domain.risk.listing import suspect
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.suspects import Cause
from domain.shared.errors import Raced
from servers.risk.sql.many_suspects import ManySuspects
from servers.risk.sql.suspects import SqlSuspects
from servers.store.store import Store
from tests.fakes import EPOCH

SUBJECTS = [Subject(SubjectKind.MEMBER, f"m-{number}") for number in range(1_200)]
"""More than one statement asks for."""
STATES = (State.SUSPECT, State.CHALLENGED, State.CONFIRMED)


def raise_all(connection: Connection, subjects: Sequence[Subject], states: Sequence[State]) -> int:
    """Each subject to each state in turn; how many changes that made."""
    many = ManySuspects(connection, [(subject, state.value) for subject in subjects for state in states])
    made = 0
    for subject in subjects:
        for state in states:
            cause = Cause("rule:pace", "too much", state.value)
            if many.has_seen(subject, state.value):
                continue
            change = suspect(many.get(subject), state, cause, EPOCH, State.CONFIRMED)
            if change is not None:
                many.put(change)
                made += 1
    many.flush()
    return made


async def test_new_and_known_subjects_rise_step_by_step_and_their_chains_hold(risk_store: Store) -> None:
    assert await risk_store.transact(raise_all, SUBJECTS[::2], STATES[:1]) == 600
    assert await risk_store.transact(raise_all, SUBJECTS, STATES) == 600 * 2 + 600 * 3
    assert await risk_store.transact(raise_all, SUBJECTS, STATES) == 0, "all of it was seen before"

    def look(connection: Connection) -> None:
        suspects = SqlSuspects(connection)
        for subject in SUBJECTS[:4] + SUBJECTS[-4:]:
            entry, made = suspects.get(subject), suspects.transitions(subject)
            assert (entry.state, entry.version, len(made)) == (State.CONFIRMED, 3, 3)
            assert first_broken(made, entry) is None

    await risk_store.read(look)


@pytest.mark.parametrize("known", [[], [State.SUSPECT]], ids=["new", "known"])
async def test_who_writes_after_another_writer_is_raced_and_writes_nothing(
    risk_store: Store, known: Sequence[State]
) -> None:
    """What was read is what the first writer replaced: this one would write over it."""
    await risk_store.transact(raise_all, SUBJECTS[:2], known)
    ahead, behind = SUBJECTS[:2]

    def late(connection: Connection) -> None:
        events = [(subject, "late") for subject in (ahead, behind)]
        many = ManySuspects(connection, events)
        first = suspect(many.get(ahead), State.CHALLENGED, Cause("a", "b", "c"), EPOCH, State.CONFIRMED)
        assert first is not None
        SqlSuspects(connection).write(first)
        for subject, event_id in events:
            change = suspect(
                many.get(subject), State.CONFIRMED, Cause("a", "b", event_id), EPOCH, State.CONFIRMED
            )
            assert change is not None
            many.put(change)
        many.flush()

    with pytest.raises(Raced):
        await risk_store.transact(late)
    entries = await risk_store.read(lambda connection: [SqlSuspects(connection).get(s) for s in SUBJECTS[:2]])
    assert [entry.version for entry in entries] == [len(known)] * 2
