"""`nectary.honey.v1.TaskService`: what members may do, how far they are, and what it brings."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from domain.honey.programme import Programme
from domain.honey.refusals import task_not_found
from domain.honey.task_rules import TaskVersion, open_tasks
from domain.honey.tasks import progress_of
from domain.shared.instants import EARLIEST, Instant
from nectary.honey.v1 import task_service_pb2 as pb
from nectary.honey.v1 import task_service_pb2_grpc as rpc
from servers.honey.sql.rules import RulesMemory, SqlProgrammes
from servers.honey.sql.task_reads import periods_of_task, progress_by_key
from servers.honey.wire import tasks as wire
from servers.honey.wire.task_rules import task_version
from servers.mesh.clock import Clock
from servers.mesh.pages import Query, place_of, size_of, token_of_place
from servers.store.store import Store

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class TaskServicer(rpc.TaskServiceServicer):
    """Incentive tasks of members."""

    def __init__(self, store: Store, memory: RulesMemory, clock: Clock) -> None:
        self._store = store
        self._memory = memory
        self._clock = clock

    async def ListTasks(self, request: pb.ListTasksRequest, context: "Context") -> pb.ListTasksResponse:
        query: Query = ["tasks", request.programme_id, request.member_id]
        _, after = place_of(query, request.page_token) or (EARLIEST, "")
        size, now = size_of(request.page_size), self._clock.now()
        found = await self._store.read(
            self._open, request.programme_id, request.member_id, after, size + 1, now
        )
        last = found[size - 1].task.task_id if len(found) > size else ""
        return pb.ListTasksResponse(
            tasks=found[:size],
            next_page_token=token_of_place(query, (EARLIEST, last)) if last else "",
        )

    async def GetTask(self, request: pb.GetTaskRequest, context: "Context") -> pb.GetTaskResponse:
        query: Query = ["task", request.programme_id, request.task_id, request.member_id]
        after, size = place_of(query, request.page_token), size_of(request.page_size)
        versions = await self._store.read(self._versions, request.programme_id, request.task_id)
        found = await self._store.read(
            periods_of_task, request.programme_id, request.member_id, request.task_id, after, size + 1
        )
        by_number = {version.version: version for version in versions}
        last = found[size - 1].key if len(found) > size else None
        return pb.GetTaskResponse(
            versions=[task_version(version) for version in versions],
            progress=[wire.progress(each, by_number[each.key.version], versions) for each in found[:size]],
            next_page_token=token_of_place(query, (last.period, str(last.version))) if last else "",
        )

    def _open(
        self, connection: Connection, programme_id: str, member_id: str, after: str, limit: int, now: Instant
    ) -> list[pb.OpenTask]:
        """Those behind a task id, at most so many."""
        versions = self._programme(connection, programme_id).tasks
        tasks = [task for task in open_tasks(versions, now) if task.task_id > after][:limit]
        begun = [progress_of(programme_id, task, member_id, now) for task in tasks]
        known = progress_by_key(connection, [each.key for each in begun])
        own = [known.get(each.key, each) for each in begun]
        return [wire.open_task(task, each, versions) for task, each in zip(tasks, own, strict=True)]

    def _versions(self, connection: Connection, programme_id: str, task_id: str) -> list[TaskVersion]:
        tasks = self._programme(connection, programme_id).tasks
        found = sorted((task for task in tasks if task.task_id == task_id), key=lambda task: task.version)
        if not found:
            raise task_not_found(task_id)
        return found

    def _programme(self, connection: Connection, programme_id: str) -> Programme:
        return SqlProgrammes(connection, self._memory).get(programme_id)
