"""Who asks, and how an answer is stored once: what every method of Risk needs before its own work."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

from google.protobuf.message import Message
from sqlalchemy import Connection

from domain.risk.ports import Doing, RiskPorts
from domain.shared.instants import Instant
from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.call import current_caller
from servers.mesh.clock import Clock
from servers.risk.sql.tables import common
from servers.risk.telling import ports_over
from servers.store.asked import asked
from servers.store.idempotency import Key
from servers.store.once import Once
from servers.store.store import Store

C = TypeVar("C")
M = TypeVar("M", bound=Message)
R = TypeVar("R")

UseCase = Callable[[C, RiskPorts, Doing], R]


class Asking:
    """Runs use cases for the caller of the present RPC."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self._once = Once(store, common.idempotency, clock)

    async def once(
        self,
        request: Any,
        response: type[M],
        use_case: UseCase[C, R],
        command: C,
        answer: Callable[[R, Instant], M],
    ) -> M:
        """Do it once for each request id: the first answer's bytes, whatever has happened since."""
        key, method, hashed = asked(request)
        # Read here: the work runs where there is no call any more.
        who, why, event_id = actor(), getattr(request, "reason", ""), _event_id(key)

        def work(connection: Connection, now: Instant) -> bytes:
            doing = Doing(who, now, why, event_id)
            result = use_case(command, ports_over(connection), doing)
            return answer(result, now).SerializeToString(deterministic=True)

        return response.FromString(await self._once(key, method, hashed, work))

    async def look(self, use_case: UseCase[C, R], command: C) -> R:
        """Run a use case that writes nothing."""
        doing = Doing(actor(), self.clock.now())
        return await self.store.read(lambda connection: use_case(command, ports_over(connection), doing))


def actor() -> str:
    """Who caused it, for the record."""
    return current_caller().name or "nobody"


def is_operator() -> bool:
    return current_caller().role == risk.CALLER_ROLE_OPERATOR


def new_id() -> str:
    """A fresh id of 32 characters."""
    return uuid4().hex


def _event_id(key: Key) -> str:
    """Names the request among all events that change a subject."""
    digest = hashlib.blake2b("\0".join(key).encode(), digest_size=16).hexdigest()
    return f"request:{digest}"
