"""`nectary.honey.v1.EarningService`: the rules, applied and read, and what members did that earns points."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from domain.honey.commands import rules as commands
from domain.honey.refusals import rules_not_found
from domain.shared.doing import Doing
from domain.shared.instants import Instant
from nectary.honey.v1 import earning_service_pb2 as pb
from nectary.honey.v1 import earning_service_pb2_grpc as rpc
from servers.honey.recording import Recording
from servers.honey.sql.rules import Revision, RulesMemory, SqlProgrammes
from servers.honey.sql.unit import Unit
from servers.honey.wire import events
from servers.honey.wire import rules as wire
from servers.mesh.clock import Clock
from servers.mesh.timestamps import timestamp_of
from servers.store.asked import actor
from servers.store.store import Store
from servers.store.writes import Writes, write_of

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class EarningServicer(rpc.EarningServiceServicer):
    """By which rules points are earned and kept."""

    def __init__(
        self, store: Store, writes: Writes[Unit], memory: RulesMemory, recording: Recording, clock: Clock
    ) -> None:
        self._store = store
        self._recording = recording
        self._writes = writes
        self._memory = memory
        self._clock = clock

    async def RecordEvent(self, request: pb.RecordEventRequest, context: "Context") -> pb.RecordEventResponse:
        return pb.RecordEventResponse.FromString(await self._recording.record(request))

    async def EvaluateEvent(
        self, request: pb.EvaluateEventRequest, context: "Context"
    ) -> pb.EvaluateEventResponse:
        return events.evaluated(await self._recording.evaluate(request))

    async def ApplyRules(self, request: pb.ApplyRulesRequest, context: "Context") -> pb.ApplyRulesResponse:
        command = commands.ApplyRules(wire.programmes_of(request.rules), request.expected_revision)
        if request.validate_only:
            doing = Doing(actor(), "", self._clock.now())
            return _applied(await self._store.read(self._plan, command, doing), 0)
        written = await self._writes(write_of(request, commands.apply_rules, command, _applied))
        return pb.ApplyRulesResponse.FromString(written)

    async def GetRules(self, request: pb.GetRulesRequest, context: "Context") -> pb.GetRulesResponse:
        found = await self._store.read(self._revision, request.revision)
        return pb.GetRulesResponse(
            rules=wire.rules(found.rules),
            revision=found.rules.revision,
            effective_time=timestamp_of(found.effective),
        )

    def _plan(self, connection: Connection, command: commands.ApplyRules, doing: Doing) -> commands.Applied:
        return commands.plan_rules(command, Unit(connection, self._memory).ports, doing)

    def _revision(self, connection: Connection, number: int) -> Revision:
        programmes = SqlProgrammes(connection, self._memory)
        if not number:
            latest = programmes.latest()
            if latest is None:
                raise rules_not_found(number)
            number = latest.revision
        return programmes.revision(number)


def _applied(result: commands.Applied, _: Instant) -> pb.ApplyRulesResponse:
    return pb.ApplyRulesResponse(revision=result.revision, changes=result.changes)
