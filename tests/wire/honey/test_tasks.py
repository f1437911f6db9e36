"""Tasks over the wire: one reward for a version, a member and a period, however events come."""

import asyncio
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import Connection, select

from clients import NotFound
from nectary.honey.v1 import task_service_pb2 as pb
from servers.honey.sql.tables import common
from servers.mesh.pages import token_of_place
from tests.wire.honey import requests as r
from tests.wire.honey.events import a_recording, an_event, an_order
from tests.wire.honey.mesh import HONEY, START, Mesh
from tests.wire.honey.points import balance, lots, refusal
from tests.wire.honey.scenes import RIDE


async def rides(mesh: Mesh, member: str, count: int, day: int = 0) -> list[str]:
    """The tasks that they completed."""
    events = [an_event(scene=RIDE, event_time=r.later(days=day)) for _ in range(count)]
    answers = [await mesh.earning.RecordEvent(a_recording(member, event)) for event in events]
    return [task_id for answer in answers for task_id in answer.completed_task_ids]


async def listed(mesh: Mesh, member: str) -> dict[str, tuple[int, int]]:
    page = await mesh.tasks.ListTasks(pb.ListTasksRequest(**r.of(member)))
    return {one.task.task_id: (one.progress.value, one.progress.target) for one in page.tasks}


async def test_a_task_is_rewarded_once_in_each_period(mesh: Mesh) -> None:
    """AP-2: points, as a lot of their own with an expiry of its own."""
    member = r.a_member()
    assert await listed(mesh, member) == {"rides": (0, 3), "spender": (0, 50_000)}
    assert await rides(mesh, member, 2) == []
    assert (await listed(mesh, member))["rides"] == (2, 3)
    assert await rides(mesh, member, 3) == ["rides"]
    [lot] = await lots(mesh, member)
    assert (lot.earned_points, lot.cause) == (30, "task:rides:1")
    assert lot.HasField("expire_time")
    await mesh.at(START + timedelta(days=1))
    assert await rides(mesh, member, 3, day=1) == ["rides"]
    assert (await balance(mesh, member)).earned_points == 60
    asked = r.of(member, task_id="rides", page_size=1)
    newest = await mesh.tasks.GetTask(pb.GetTaskRequest(**asked))
    older = await mesh.tasks.GetTask(pb.GetTaskRequest(**asked, page_token=newest.next_page_token))
    assert [one.value for one in [*newest.progress, *older.progress]] == [3, 3]
    assert older.progress[0].reward_id == lot.lot_id
    assert older.progress[0].period_end_time == newest.progress[0].period_start_time
    assert older.next_page_token == ""


async def test_events_that_come_at_once_complete_a_task_once(mesh: Mesh) -> None:
    """AP-2: 64 rides, each told twice."""
    member, events = r.a_member(), [an_event(scene=RIDE) for _ in range(64)]
    answers = await asyncio.gather(
        *(mesh.earning.RecordEvent(a_recording(member, event)) for event in [*events, *events])
    )
    assert [task_id for answer in answers for task_id in answer.completed_task_ids] == ["rides"]
    assert (await balance(mesh, member)).earned_points == 30


async def test_what_is_completed_is_told_with_its_reward(mesh: Mesh) -> None:
    """So that whoever gives memberships gives this one, once."""
    member = r.a_member()
    for paid in (30_000, 900, 25_000):
        await mesh.earning.RecordEvent(a_recording(member, an_order(paid)))
    page = await mesh.tasks.GetTask(pb.GetTaskRequest(**r.of(member, task_id="spender")))
    [progress] = page.progress
    assert (progress.value, progress.HasField("complete_time")) == (50_000, True)
    *advanced, completed = await mesh.store.read(told_of, f"task:{progress.reward_id}")
    assert [(seq, kind) for seq, kind, _ in advanced] == [(1, "TaskAdvanced"), (2, "TaskAdvanced")]
    assert completed[:2] == (3, "TaskCompleted")
    payload = orjson.loads(completed[2])
    assert payload["member_id"] == member
    assert payload["reward"] == {"kind": "membership_days", "sku_id": "gold_year", "days": 30}


def told_of(connection: Connection, subject: str) -> list[tuple[int, str, bytes]]:
    columns = common.outbox.c
    query = select(columns.seq, columns.type, columns.payload).where(columns.subject == subject)
    return [(seq, kind, payload) for seq, kind, payload in connection.execute(query.order_by(columns.seq))]


async def test_pages_of_tasks_go_on_where_they_ended(mesh: Mesh) -> None:
    asked = r.of(r.a_member(), page_size=1)
    first = await mesh.tasks.ListTasks(pb.ListTasksRequest(**asked))
    rest = await mesh.tasks.ListTasks(pb.ListTasksRequest(**asked, page_token=first.next_page_token))
    assert [one.task.task_id for one in [*first.tasks, *rest.tasks]] == ["rides", "spender"]
    assert rest.next_page_token == ""


@pytest.mark.parametrize("version", ["one", "9" * 40, "-"])
async def test_a_forged_token_asks_for_another_place(mesh: Mesh, version: str) -> None:
    """It gives no right, and breaks nothing."""
    member = r.a_member()
    await rides(mesh, member, 1)
    token = token_of_place(["task", HONEY, "rides", member], (0, version))
    asked = pb.GetTaskRequest(**r.of(member, task_id="rides", page_token=token))
    assert not (await mesh.tasks.GetTask(asked)).progress


async def test_a_task_that_there_is_not_is_not_found(mesh: Mesh) -> None:
    error = await refusal(mesh.tasks.GetTask(pb.GetTaskRequest(**r.of("ann", task_id="none"))))
    assert isinstance(error, NotFound)
    assert (error.reason, error.metadata) == ("TASK_NOT_FOUND", {"task_id": "none"})
