"""Makes a gate from the orders, at any moment, also in the middle of a sale.

Three steps: say that it is being loaded, and by whom; read the database *after* that, and tell every order;
open it. Whatever is ordered meanwhile is told to the gate by the process that sold it, and a step done twice
changes nothing. So no loader must be waited for, and none that dies leaves more than a pause of two seconds.
"""

import asyncio
import secrets
import time
from collections.abc import Callable

import structlog

from domain.seckill.gate import Key
from domain.seckill.gate_model import LOADER_SILENT
from domain.shared.errors import DomainError
from servers.mesh.redis_clients import STORE_ERRORS
from servers.seckill.gate.looking import look
from servers.seckill.gate.source import Source
from servers.seckill.gate.store import PATIENT_SECONDS, Away, Call, GateStore
from servers.seckill.gate.things import (
    BATCH,
    LOAD,
    MOST_THINGS,
    beginning,
    opening,
    reshaping,
    settling,
)

_log = structlog.get_logger("nectary.seckill")

PAGE = 4 * MOST_THINGS
AGAIN_SECONDS = 0.2
"""After a load that came to nothing."""
MOST_REMEMBERED = 4096


class Loader:
    """Loads gates, each once at a time in this process."""

    def __init__(self, store: GateStore, source: Source, spawn: Callable[..., asyncio.Task[bool]]) -> None:
        """`spawn` starts a task and keeps it."""
        self._store = store
        self._source = source
        self._spawn = spawn
        self._loads: dict[str, asyncio.Task[bool]] = {}
        self._not_before: dict[str, float] = {}

    def want(self, activity_id: str) -> None:
        """Loads it soon, unless that is under way or has just come to nothing."""
        if activity_id not in self._loads and time.monotonic() >= self._not_before.get(activity_id, 0.0):
            self._start(activity_id)

    async def load(self, activity_id: str) -> bool:
        """Whether there is an open gate now; not while another process loads it, or if nothing answers."""
        return await asyncio.shield(self._loads.get(activity_id) or self._start(activity_id))

    async def reshape(self, activity_id: str) -> bool:
        """Tells the gate how the activity is now. False if there is no gate, or nothing answers."""
        try:
            shape = await self._source.shape(activity_id)
            return shape is not None and await self._step(activity_id, reshaping(shape))
        except (*STORE_ERRORS, Away, DomainError) as error:
            _log.warning("seckill_gate_not_reshaped", activity_id=activity_id, error=repr(error))
            return False

    async def reload(self, activity_id: str) -> bool:
        """Throws the gate away and loads it anew."""
        await self._step(activity_id, [b"WIPE", b""])
        return await self.load(activity_id)

    def _start(self, activity_id: str) -> asyncio.Task[bool]:
        task = self._loads[activity_id] = self._spawn(self._loaded(activity_id))
        return task

    async def _loaded(self, activity_id: str) -> bool:
        is_open = False
        try:
            is_open = await self._load(activity_id)
        except (*STORE_ERRORS, Away, DomainError) as error:
            _log.warning("seckill_gate_not_loaded", activity_id=activity_id, error=repr(error))
        finally:
            self._loads.pop(activity_id, None)
            self._remember(activity_id, is_open=is_open)
        return is_open

    async def _load(self, activity_id: str) -> bool:
        owner = secrets.token_hex(8).encode()
        # The first look is only for its size.
        shape = await self._source.shape(activity_id)
        if shape is None:
            return False
        if not await self._step(activity_id, beginning(owner, shape, LOADER_SILENT)):
            return (await look(self._store, activity_id)).is_open
        orders = await self._push_all(activity_id, owner)
        shape = None if orders is None else await self._source.shape(activity_id)
        if shape is None or not await self._step(activity_id, opening(owner, shape)):
            return False
        _log.info("seckill_gate_loaded", activity_id=activity_id, orders=orders, stock=shape.stock)
        return True

    async def _push_all(self, activity_id: str, owner: bytes) -> int | None:
        """How many orders were told; None if another loads it by now."""
        after: Key | None = None
        count = 0
        while orders := await self._source.page(activity_id, after, PAGE):
            things = [settling(order) for order in orders]
            parts = [things[at : at + MOST_THINGS] for at in range(0, len(things), MOST_THINGS)]
            calls = [Call(activity_id, BATCH, [owner, *part]) for part in parts]
            for reply in await self._store.run(calls, PATIENT_SECONDS):
                if isinstance(reply, Exception):
                    raise reply
                if len(reply) == 1:
                    return None
            after, count = (orders[-1].member_id, orders[-1].request_id), count + len(orders)
        return count

    async def _step(self, activity_id: str, arguments: list[bytes]) -> bool:
        (done,) = await self._store.run_one(Call(activity_id, LOAD, arguments))
        return bool(done)

    def _remember(self, activity_id: str, *, is_open: bool) -> None:
        if is_open:
            self._not_before.pop(activity_id, None)
            return
        self._not_before[activity_id] = time.monotonic() + AGAIN_SECONDS
        while len(self._not_before) > MOST_REMEMBERED:
            self._not_before.pop(next(iter(self._not_before)))
