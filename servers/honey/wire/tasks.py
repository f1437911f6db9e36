"""Tasks of a member on the wire."""

from collections.abc import Sequence

from domain.honey.task_rules import TaskVersion, counts_until
from domain.honey.tasks import Progress, reward_id_of
from nectary.honey.v1 import task_service_pb2 as pb
from servers.honey.wire.task_rules import task_version
from servers.honey.wire.values import optional_timestamp
from servers.mesh.timestamps import timestamp_of


def open_task(task: TaskVersion, own: Progress, versions: Sequence[TaskVersion]) -> pb.OpenTask:
    return pb.OpenTask(task=task_version(task), progress=progress(own, task, versions))


def progress(own: Progress, task: TaskVersion, versions: Sequence[TaskVersion]) -> pb.TaskProgress:
    return pb.TaskProgress(
        task_id=own.key.task_id,
        version=own.key.version,
        period_start_time=timestamp_of(own.key.period),
        value=own.value,
        target=task.goal.target,
        complete_time=optional_timestamp(own.completed),
        reward_id=reward_id_of(own.key),
        period_end_time=optional_timestamp(counts_until(task, versions, own.key.period)),
    )
