"""What the servicers need of the sale and its stores; `sale/` and `sql/` bring it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from domain.seckill.activity import Activity, ActivityState, Standing
from domain.seckill.commands import Cancel, Pay
from domain.seckill.comparison import Comparison
from domain.seckill.done import Done
from domain.seckill.operating import Create, Operation
from domain.seckill.orders import Order
from servers.mesh.pages import Place
from servers.store.asked import Asked


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units that a member wants."""

    activity_id: str
    member_id: str
    request_id: str
    quantity: int
    scene: str
    actor: str
    """Who asks, for the record."""


@dataclass(frozen=True, slots=True)
class Write:
    """A command, and how to answer it. The answer is kept with its effect, permanent refusals too."""

    activity_id: str
    command: Pay | Cancel
    asked: Asked
    answer: Callable[[Done], bytes]


class Result(NamedTuple):
    """What stands behind the request id of a ReserveUnit."""

    order: Order | None
    is_pending: bool
    """Without an order: whether this process is about it, or the gate holds a claim of it."""


class Sales(Protocol):
    """Everything about orders. Whatever it raises is a domain error, or a bug."""

    async def reserve(self, wanted: Wanted) -> Order:
        """The order, committed. Raises what `domain.seckill.refusals` makes."""

    async def write(self, write: Write) -> bytes:
        """The first answer's bytes, whatever has happened since. Raises what was or is refused."""

    async def result(self, activity_id: str, member_id: str, request_id: str) -> Result:
        """Looks into the database last, so that an order is never missed for its request's end."""

    async def order(self, order_id: str) -> Order:
        """Raises NotFound (ORDER_NOT_FOUND)."""

    async def orders(
        self, member_id: str, activity_id: str, before: Place | None, limit: int
    ) -> Sequence[Order]:
        """Of a member, an activity, or both; empty: any. The newest first, by (reserved, order id)."""


class Activities(Protocol):
    """Everything about activities."""

    async def create(self, asked: Asked, command: Create, answer: Callable[[Activity], bytes]) -> bytes:
        """The first answer's bytes. Raises what `operating.create` raises."""

    async def operate(
        self, asked: Asked, activity_id: str, command: Operation, answer: Callable[[Activity], bytes]
    ) -> bytes:
        """As above. Raises NotFound (ACTIVITY_NOT_FOUND) and what `operating.operate` raises."""

    async def standing(self, activity_id: str) -> Standing:
        """Raises NotFound (ACTIVITY_NOT_FOUND)."""

    async def activities(
        self, states: Collection[ActivityState], before: Place | None, limit: int
    ) -> Sequence[Activity]:
        """Those in some states, the latest opening first, by (opens, activity id), both descending."""

    async def reconcile(self, activity_id: str, repair: bool) -> tuple[Standing, Comparison]:
        """Raises NotFound (ACTIVITY_NOT_FOUND), Unavailable (GATE_UNAVAILABLE)."""
