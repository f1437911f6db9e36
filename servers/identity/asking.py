"""Who asks, and how an answer is stored once: what every method of Identity needs before its own work."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

from google.protobuf.message import Message

from domain.identity.catalog import Channel
from domain.identity.orders import Order
from domain.shared.doing import Doing
from domain.shared.errors import FieldViolation, Invalid, NotFound
from domain.shared.instants import Instant
from nectary.identity.v1 import catalog_pb2
from nectary.risk.v1 import policy_pb2 as risk
from servers.identity.sql.unit import Memory, Unit
from servers.identity.wire.values import CHANNELS
from servers.mesh.call import current_caller
from servers.mesh.clock import Clock
from servers.store.asked import actor
from servers.store.store import Store
from servers.store.writes import Writes, write_of

M = TypeVar("M", bound=Message)
R = TypeVar("R")


class Asking:
    """Runs use cases for the caller of the present RPC."""

    def __init__(self, store: Store, memory: Memory, writes: Writes[Unit], clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self._memory = memory
        self._writes = writes

    async def once(
        self,
        request: Any,
        response: type[M],
        use_case: Callable[..., R],
        command: Any,
        answer: Callable[[R, Instant], M],
    ) -> M:
        """Do it once for each request id: the first answer's bytes, whatever has happened since."""
        return response.FromString(await self._writes(write_of(request, use_case, command, answer)))

    async def look(self, use_case: Callable[..., R], command: Any) -> tuple[R, Instant]:
        """Run a use case that writes nothing, and the instant at which it ran."""
        doing = Doing(actor(), "", self.clock.now())

        def run(connection: Any) -> R:
            return use_case(command, Unit(connection, self._memory).ports, doing)

        return await self.store.read(run), doing.now


def new_id() -> str:
    """A fresh id of 32 characters."""
    return uuid4().hex


def is_operator() -> bool:
    return current_caller().role == risk.CALLER_ROLE_OPERATOR


def channel_for(asked: "catalog_pb2.AcquisitionChannel.ValueType") -> Channel:
    """How a term is got; only operators give as OPERATOR, which no rule of sale binds. Raises Invalid."""
    channel = CHANNELS.own(asked)
    if channel is Channel.OPERATOR and not is_operator():
        description = "only operators use this channel"
        raise Invalid([FieldViolation("acquisition_channel", "OPERATORS_ONLY", description)])
    return channel


def require_own_order(order: Order) -> None:
    """A gateway sees the orders of its member alone. Raises NotFound (ORDER_NOT_FOUND)."""
    member_id = current_caller().member_id
    if member_id is not None and member_id != order.member_id:
        raise NotFound("ORDER_NOT_FOUND", "there is no such order", order_id=order.order_id)
