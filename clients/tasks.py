"""Incentive tasks of members: `nectary.honey.v1.TaskService`."""

from nectary.honey.v1 import task_service_pb2 as pb
from nectary.honey.v1 import task_service_pb2_grpc as rpc

from .base import Client
from .channel import Channel


class TaskClient(Client):
    """Arguments are those of the contract."""

    SERVICE = pb.DESCRIPTOR.services_by_name["TaskService"]

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._stub = rpc.TaskServiceStub(channel)

    async def list_tasks(
        self, programme_id: str, member_id: str, *, page_size: int = 0, page_token: str = ""
    ) -> pb.ListTasksResponse:
        """The open tasks, and how far a member is. Raises NotFound (PROGRAMME_NOT_FOUND)."""
        request = pb.ListTasksRequest(
            programme_id=programme_id, member_id=member_id, page_size=page_size, page_token=page_token
        )
        return await self._stub.ListTasks(request)

    async def get_task(
        self, programme_id: str, task_id: str, member_id: str, *, page_size: int = 0, page_token: str = ""
    ) -> pb.GetTaskResponse:
        """One task, and what a member did in each period. Raises NotFound (TASK_NOT_FOUND)."""
        request = pb.GetTaskRequest(
            programme_id=programme_id,
            task_id=task_id,
            member_id=member_id,
            page_size=page_size,
            page_token=page_token,
        )
        return await self._stub.GetTask(request)
