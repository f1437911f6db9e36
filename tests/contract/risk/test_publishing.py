"""The publisher: what the database says is what every process has, whatever Redis loses on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import redis.asyncio
from sqlalchemy import Connection

from domain.risk.canonical import encoded
from domain.risk.listing import confirm, release, snooze
from domain.risk.ports import Doing
from domain.risk.rules import RuleSet
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.suspects import Cause, Change, Entry
from domain.shared.instants import DAY
from servers.mesh.judging.list_copy import ListCopy
from servers.mesh.judging.published import HEAD, list_key, publish_rules
from servers.mesh.judging.shipped import SHIPPED
from servers.risk.publishing import EVERYTHING_EVERY, Publisher
from servers.risk.sql.rules import SqlRules
from servers.risk.sql.suspects import SqlSuspects, behind, mark_published
from servers.store.leases import Lease
from servers.store.store import Store
from tests.fakes import FakeClock

ANN, BOB = (Subject(SubjectKind.MEMBER, name) for name in ("ann", "bob"))


Changing = Callable[[Entry, Cause], Change | None]


@dataclass
class Ground:
    """A publisher, what it reads and what it is read by."""

    store: Store
    lease: Lease
    clock: FakeClock
    client: "redis.asyncio.Redis"
    publisher: Publisher
    copy: ListCopy

    async def confirmed(self, subject: Subject) -> None:
        now = self.clock.now()
        await self._changed(subject, lambda entry, cause: confirm(entry, cause, now, now + DAY))

    async def released(self, subject: Subject) -> None:
        await self._changed(subject, lambda entry, cause: release(entry, cause, self.clock.now()))

    async def snoozed(self, subject: Subject) -> None:
        now = self.clock.now()
        await self._changed(subject, lambda entry, cause: snooze(entry, "pace", cause, now, now + DAY))

    async def applied(self, rules: RuleSet) -> None:
        doing = Doing("eve", self.clock.now())
        await self.store.transact(lambda connection: SqlRules(connection).add(rules, doing))

    async def head(self, field: str) -> bytes | None:
        call: Any = self.client
        found: bytes | None = await call.hget(HEAD, field)
        return found

    async def states(self) -> dict[str, State]:
        """What a process hears after one round of the publisher."""
        await self.publisher.run(self.lease)
        call: Any = self.client
        await self.copy.follow(self.client, await call.hgetall(HEAD))
        names = [(subject.kind.value, subject.value) for subject in (ANN, BOB)]
        found = self.copy.look_up(names, self.clock.now())
        return {one.subject.value: one.state for one in found}

    async def _changed(self, subject: Subject, changing: Changing) -> None:
        def write(connection: Connection) -> None:
            suspects = SqlSuspects(connection)
            entry = suspects.get(subject)
            change = changing(entry, Cause("eve", "because", f"event:{entry.version}"))
            assert change is not None
            suspects.write(change)

        await self.store.transact(write)


@pytest.fixture
def ground(
    risk_store: Store, risk_lease: Lease, clock: FakeClock, redis_client: "redis.asyncio.Redis"
) -> Ground:
    publisher = Publisher(risk_store, redis_client, clock, clock)
    return Ground(risk_store, risk_lease, clock, redis_client, publisher, ListCopy())


async def test_changes_are_published_once_each(ground: Ground) -> None:
    await ground.confirmed(ANN)
    assert await ground.states() == {"ann": State.CONFIRMED}
    await ground.confirmed(BOB)
    assert await ground.states() == {"ann": State.CONFIRMED, "bob": State.CONFIRMED}
    seq = await ground.head("seq")
    await ground.states()
    assert await ground.head("seq") == seq


async def test_who_was_released_is_in_no_copy_and_whose_rule_is_snoozed_stays(ground: Ground) -> None:
    await ground.confirmed(ANN)
    await ground.states()
    await ground.released(ANN)
    assert await ground.states() == {}
    assert len(ground.copy) == 0
    await ground.snoozed(ANN)
    await ground.states()
    assert len(ground.copy) == 1


async def test_a_redis_that_lost_everything_is_filled_again(ground: Ground) -> None:
    await ground.confirmed(ANN)
    await ground.states()
    await ground.client.flushall()
    await ground.confirmed(BOB)
    assert await ground.states() == {"ann": State.CONFIRMED, "bob": State.CONFIRMED}


async def test_what_redis_lost_without_knowing_it_is_published_again(ground: Ground) -> None:
    await ground.confirmed(ANN)
    await ground.states()
    generation = await ground.head("list")
    assert generation is not None
    await ground.client.delete(list_key(generation.decode()))
    ground.copy = ListCopy()
    assert await ground.states() == {}
    ground.clock.advance(EVERYTHING_EVERY)
    assert await ground.states() == {"ann": State.CONFIRMED}


async def test_the_newest_rules_are_published_and_the_shipped_never(ground: Ground) -> None:
    await ground.states()
    assert await ground.head("rules") is None
    await ground.applied(RuleSet(1, SHIPPED.rules))
    await ground.states()
    assert await ground.head("rules") == b"1"
    await ground.client.flushall()
    await ground.states()
    assert await ground.head("rules") == b"1"


async def test_an_entry_that_changes_while_it_is_published_is_published_again(ground: Ground) -> None:
    """The publisher notes what it told, not what is true by then."""
    await ground.confirmed(ANN)
    news = await ground.store.read(behind, 10)
    await ground.released(ANN)
    await ground.store.transact(mark_published, news)
    assert [one.entry.version for one in await ground.store.read(behind, 10)] == [2]


async def test_a_redis_that_fell_back_to_older_rules_is_told_the_newest(ground: Ground) -> None:
    for revision in (1, 2):
        await ground.applied(RuleSet(revision, SHIPPED.rules))
    await ground.states()
    await publish_rules(ground.client, 1, encoded(RuleSet(1, SHIPPED.rules)).encode())
    await ground.states()
    assert await ground.head("rules") == b"2"
