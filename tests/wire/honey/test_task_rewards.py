"""A membership that a task brings is given by Identity, once, or Honey is told why not: all by events."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Connection, select

from nectary.honey.v1 import earning_service_pb2 as earning
from nectary.honey.v1 import earning_service_pb2_grpc, task_service_pb2_grpc
from nectary.honey.v1 import honey_pb2 as honey
from nectary.honey.v1 import task_rules_pb2 as rules
from nectary.honey.v1 import task_service_pb2 as tasks
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as identities
from servers.honey.sql.tables import common as honey_tables
from servers.identity.sql.tables import common as identity_tables
from servers.identity.sql.tables import term
from servers.identity.task_rewards import GIVEN, REFUSED
from servers.store.outbox import Outbox
from tests.servers import Redis
from tests.wire.honey import requests as r
from tests.wire.honey.conftest import Databases
from tests.wire.honey.events import a_recording, an_event
from tests.wire.honey.mesh import HONEY
from tests.wire.honey.scenes import RIDE
from tests.wire.identity import requests as cards
from tests.wire.identity.cards import CLUB, MONTHLY
from tests.wire.seckill.conftest import emptied
from tests.wire.seckill.mesh import START, Mesh, serving, with_cards

DATABASE = 12
"""Of the run's Valkey."""
DAYS = 10
WAIT_SECONDS = 20.0
FIRST, CLUB_DAYS, UNKNOWN = "first_ride", "club_days", "no_card"
REWARDS = {FIRST: MONTHLY, CLUB_DAYS: CLUB, UNKNOWN: "no_such_card"}
"""What each task brings days of."""
SCENES = {task_id: f"{RIDE}.{task_id}" for task_id in REWARDS}


@dataclass(frozen=True)
class Both:
    """Two services in one process."""

    mesh: Mesh
    earning: earning_service_pb2_grpc.EarningServiceStub
    tasks: task_service_pb2_grpc.TaskServiceStub

    async def done(self, member: str, task_id: str) -> str:
        """The id of the reward."""
        await self.earning.RecordEvent(a_recording(member, an_event(scene=SCENES[task_id])))
        found = await self.tasks.GetTask(tasks.GetTaskRequest(**r.of(member, task_id=task_id)))
        return found.progress[0].reward_id

    async def answered(self, reward_id: str) -> tuple[str, str]:
        """What Identity says of a reward, and the reason."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                if answers := await self.mesh.store.read(_answers, reward_id):
                    [answer] = answers
                    return answer
                await asyncio.sleep(0.02)

    async def holds_until(self, member: str, end: datetime) -> None:
        """Returns when it is so: what a member holds is remembered for a second."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                if [each.end_time.ToDatetime() for each in await self.held(member)] == [end]:
                    return
                await asyncio.sleep(0.05)

    async def held(self, member: str) -> list[identity.Identity]:
        request = identities.ListIdentitiesRequest(member_id=member)
        return list((await self.mesh.identity.ListIdentities(request)).identities)


def _answers(connection: Connection, reward_id: str) -> list[tuple[str, str]]:
    columns = identity_tables.outbox.c
    query = select(columns.type, columns.payload).where(columns.subject == f"task:{reward_id}")
    return [(kind, orjson.loads(payload)["reason"]) for kind, payload in connection.execute(query)]


def _a_task(task_id: str, sku_id: str) -> rules.TaskVersion:
    days = rules.MembershipDays(sku_id=sku_id, days=DAYS)
    return rules.TaskVersion(
        task_id=task_id,
        version=1,
        title="Ride once",
        scene=SCENES[task_id],
        goal=rules.Goal(times=1),
        reward=rules.Reward(membership_days=days),
        open_time=Timestamp(seconds=1_700_000_000),
    )


@pytest.fixture(scope="module")
async def open_both(databases: Databases, valkey: Redis) -> AsyncIterator[Both]:
    redis_url = f"{valkey.url.rpartition('/')[0]}/{DATABASE}"
    await emptied(redis_url)
    served = serving(databases("task_rewards"), redis_url, slices=("identity", "honey"), jobs=True)
    async with served as mesh:
        await with_cards(mesh)
        programme = honey.Programme(
            programme_id=HONEY, tasks=[_a_task(task_id, sku_id) for task_id, sku_id in REWARDS.items()]
        )
        both = Both(
            mesh,
            earning_service_pb2_grpc.EarningServiceStub(mesh.channel),
            task_service_pb2_grpc.TaskServiceStub(mesh.channel),
        )
        applied = earning.ApplyRulesRequest(request_id="rules", rules=honey.Rules(programmes=[programme]))
        await both.earning.ApplyRules(applied)
        yield both


@pytest.fixture
async def both(open_both: Both) -> Both:
    """One server an engine for all tests, whose jobs run, its clock at START again."""
    await open_both.mesh.at(START)
    return open_both


async def test_days_of_a_membership_begin_when_they_are_given(both: Both) -> None:
    """They are the task's, and not as many as the card has."""
    member = cards.a_member()
    reward_id = await both.done(member, FIRST)
    assert await both.answered(reward_id) == (GIVEN, "")
    [held] = await both.held(member)
    assert (held.sku_id, [each.term_id for each in held.causes]) == (MONTHLY, [reward_id])
    assert held.causes[0].cause == identity.Cause(kind=identity.CAUSE_KIND_TASK, id=reward_id)
    assert held.start_time.ToDatetime(UTC) == START
    assert held.end_time.ToDatetime(UTC) == START + timedelta(days=DAYS)


async def test_days_are_added_to_a_card_that_is_held(both: Both) -> None:
    member = cards.a_member()
    await both.mesh.identity.GrantTerm(cards.a_grant(member, MONTHLY))
    [before] = await both.held(member)
    assert await both.answered(await both.done(member, FIRST)) == (GIVEN, "")
    await both.holds_until(member, before.end_time.ToDatetime() + timedelta(days=DAYS))


async def test_what_is_told_again_gives_no_second_membership(both: Both) -> None:
    """AP-2: as by a relay that died between publishing and marking, twice."""
    member = cards.a_member()
    reward_id = await both.done(member, FIRST)
    assert await both.answered(reward_id) == (GIVEN, "")
    for _ in range(2):
        assert await both.mesh.store.transact(Outbox(honey_tables.outbox).requeue, 0, 1_000)
        # What comes behind it has been taken, so it has been taken again.
        await both.answered(await both.done(cards.a_member(), FIRST))
    assert await both.mesh.store.read(_terms, member) == [(reward_id, MONTHLY)]
    assert await both.answered(reward_id) == (GIVEN, "")


@pytest.mark.parametrize(("task_id", "reason"), [(CLUB_DAYS, "RELATION_REJECTS"), (UNKNOWN, "SKU_NOT_FOUND")])
async def test_a_membership_that_cannot_be_given_is_told_of(both: Both, task_id: str, reason: str) -> None:
    """Its holders get no second club card; a card that is not there nobody gets."""
    member = cards.a_member()
    await both.mesh.identity.GrantTerm(cards.a_grant(member, CLUB))
    terms = await both.mesh.store.read(_terms, member)
    assert await both.answered(await both.done(member, task_id)) == (REFUSED, reason)
    assert await both.mesh.store.read(_terms, member) == terms


def _terms(connection: Connection, member: str) -> list[tuple[str, str]]:
    query = select(term.c.term_id, term.c.sku_id).where(term.c.member_id == member)
    return [(term_id, sku_id) for term_id, sku_id in connection.execute(query)]
