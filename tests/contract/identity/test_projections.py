"""The segments are a projection of the facts: always what they say, and made from them again at any time."""

import random
from typing import Any

from sqlalchemy import Connection, delete, select, update

from domain.identity.commands.change import (
    ExtendTerm,
    PauseTerm,
    ResumeTerm,
    extend_term,
    pause_term,
    resume_term,
)
from domain.identity.commands.grant import grant_term
from domain.identity.commands.refund import TerminateTerm, terminate_term
from domain.shared.doing import Doing
from domain.shared.errors import Refused
from domain.shared.instants import DAY, Period
from domain.shared.instants import Unit as PeriodUnit
from servers.identity.rebuild import Report, rebuild
from servers.identity.sql.tables import segment
from servers.identity.sql.unit import Memory, Unit
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from tests.contract.identity.commands import NOW, a_grant
from tests.scenario.identity.whole import assert_whole
from tests.wire.identity.cards import ANNUAL, FENGXIANG, MONTHLY, PASS, QUARTERLY
from tests.wire.identity.requests import new_id

MEMBERS = [f"member-{number}" for number in range(12)]
CARDS = (MONTHLY, QUARTERLY, QUARTERLY, ANNUAL, FENGXIANG, PASS)
GROUPS = 40
GROUP = 8
"""Commands that share a transaction."""


def _random_step(chance: random.Random, unit: Unit) -> tuple[Any, Any]:
    member = chance.choice(MEMBERS)
    terms = list(unit.ports.timelines.get(member).terms)
    if not terms or chance.random() < 0.5:
        return grant_term, a_grant(member, chance.choice(CARDS))
    term = chance.choice(terms)
    return chance.choice(
        [
            (terminate_term, TerminateTerm(member, new_id(), term)),
            (pause_term, PauseTerm(member, term)),
            (resume_term, ResumeTerm(member, term)),
            (extend_term, ExtendTerm(member, term, Period(5, PeriodUnit.DAY), new_id())),
        ]
    )


def _lived(url: str) -> None:
    """Many random commands, in groups; the rules refuse some of each."""
    chance, memory = random.Random(5), Memory()
    engine = blocking_engine(StoreConfig(url))
    for group in range(GROUPS):
        with engine.begin() as connection:
            unit = Unit(connection, memory)
            doing = Doing("a test", "", NOW.now + group * 3 * DAY)
            for _ in range(GROUP):
                use_case, command = _random_step(chance, unit)
                try:
                    use_case(command, unit.ports, doing)
                    unit.keep()
                except Refused:
                    unit.drop()
            unit.flush()
        unit.remember()
    engine.dispose()


def _rebuilt(url: str) -> tuple[Report, list[int]]:
    told: list[int] = []
    return rebuild(url, told.append), told


def test_segments_are_those_of_the_facts_and_rebuilt_byte_by_byte(identity_url: str) -> None:
    _lived(identity_url)
    assert_whole(identity_url)
    first, told = _rebuilt(identity_url)
    assert (first.differed, first.members) == (0, sum(told))
    assert first.segments > len(MEMBERS)
    assert _rebuilt(identity_url)[0] == first
    assert_whole(identity_url)


def test_a_rebuild_finds_and_mends_what_was_written_past_the_facts(identity_url: str) -> None:
    _lived(identity_url)
    sound, _ = _rebuilt(identity_url)
    engine = blocking_engine(StoreConfig(identity_url))
    with engine.begin() as connection:
        _spoil(connection)
    engine.dispose()
    spoilt, _ = _rebuilt(identity_url)
    assert spoilt.differed == 2
    assert spoilt.digest == sound.digest
    assert _rebuilt(identity_url)[0] == sound
    assert_whole(identity_url)


def _spoil(connection: Connection) -> None:
    """One member loses a segment, another holds a card for longer."""
    one, two, *_ = sorted(set(connection.scalars(select(segment.c.member_id))))
    connection.execute(delete(segment).where(segment.c.member_id == one))
    longer = {"end_time": segment.c.end_time + 1, "held_until": segment.c.held_until + 1}
    connection.execute(update(segment).where(segment.c.member_id == two).values(longer))
