"""The gates of a process: what the sale asks, and what it tells.

Nothing here sells: a request that passes goes to the database, which decides. A gate that is missing, slow
or broken lets everybody pass.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from domain.seckill.comparison import Comparison
from domain.seckill.gate import Answer, Claim, OrderFact, Verdict
from domain.shared.errors import Unavailable
from servers.mesh.redis_clients import STORE_ERRORS, AnyRedis
from servers.seckill.gate.batches import Batches
from servers.seckill.gate.comparing import Comparer
from servers.seckill.gate.doubts import Doubts
from servers.seckill.gate.loading import Loader
from servers.seckill.gate.sold_out import SoldOut
from servers.seckill.gate.source import Source
from servers.seckill.gate.store import SLOW_SECONDS, Away, GateStore
from servers.seckill.gate.things import claiming, dropping, looking, settling

T = TypeVar("T")

PROBE_SECONDS = 0.2
CLOSE_SECONDS = 1.0
SOLD_OUT = Answer(Verdict.SOLD_OUT)


def _no_offset() -> int:
    return 0


class Gate:
    """All gates, each in the slot of its activity. `run` must run as a job while the process serves."""

    def __init__(
        self,
        client: AnyRedis,
        source: Source,
        ahead: Callable[[], int] = _no_offset,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        """`ahead`: how many us the business is ahead of real time; 0 but under a test clock."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._store = GateStore(client, ahead, slow_seconds)
        self._loader = Loader(self._store, source, self._spawn)
        self.comparer = Comparer(self._store, source, self._loader)
        self._doubts = Doubts(self._store, self.comparer)
        self._batches = Batches(self._store, self._doubts.note)
        self._sold_out = SoldOut(self._store, self._spawn)

    @property
    def away_seconds(self) -> float:
        """For how long the store has not been asked since it does not answer; 0 while it is."""
        return self._store.away_seconds

    def is_sold_out(self, activity_id: str, claim: Claim) -> bool:
        """Whether nothing is left for it, for sure; asks nobody."""
        return self._sold_out.refuses(activity_id, claim)

    async def claim(self, activity_id: str, claim: Claim) -> Answer:
        """Sets units aside, or says why not. Raises Unavailable (STORE_OVERLOADED) if too many wait."""
        if self._sold_out.refuses(activity_id, claim):
            return SOLD_OUT
        (answer,) = await self._batches.do(activity_id, (claiming(claim),))
        if answer.verdict is Verdict.SOLD_OUT:
            self._sold_out.suspect(activity_id)
        elif answer.verdict is Verdict.MISSING:
            self._loader.want(activity_id)
        return answer

    async def is_claimed(self, activity_id: str, member_id: str, request_id: str) -> bool:
        """Whether units are set aside, and no order is known; not, if the gate does not answer."""
        with suppress(Unavailable):
            (answer,) = await self._batches.do(activity_id, (looking(member_id, request_id),))
            return answer.verdict is Verdict.OPEN
        return False

    def settle(self, activity_id: str, orders: Sequence[OrderFact]) -> None:
        """Tells that these orders hold units, soon; a gate that does not hear it is doubted."""
        if orders:
            self._batches.tell(activity_id, [settling(order) for order in orders])

    def drop(self, activity_id: str, records: Sequence[tuple[str, str, int]]) -> None:
        """Gives units back, of (member, request id, stamp), soon; as `settle`.

        With the stamp of a claim only if no later attempt has claimed since; with 0 in any case. A stamp
        means that the database refused what the gate had given: it is astray, and compared at once.
        """
        if any(stamp for _, _, stamp in records):
            self._doubts.note(activity_id, until_still=True)
        if records:
            self._sold_out.forget(activity_id)
            self._batches.tell(activity_id, [dropping(*record) for record in records])

    def doubt(self, activity_id: str) -> None:
        """It may not be what the orders say: mended as soon as the store answers."""
        self._doubts.note(activity_id)

    async def load(self, activity_id: str) -> bool:
        """Makes the gate from the orders, if there is none. Whether it is open now."""
        return await self._loader.load(activity_id)

    async def reshape(self, activity_id: str) -> bool:
        """Tells the gate how the activity is now. Whether there is a gate."""
        self._sold_out.forget(activity_id)
        return await self._loader.reshape(activity_id)

    async def compare(self, activity_id: str, *, repair: bool) -> Comparison:
        """The gate against the orders. Raises Unavailable (GATE_UNAVAILABLE) if it does not answer."""
        return await _answered(self.comparer.compare(activity_id, repair=repair))

    async def sweep(self, activity_id: str) -> int:
        """Ends what dead attempts have left open; how many. Raises Unavailable (GATE_UNAVAILABLE)."""
        return await _answered(self.comparer.sweep(activity_id))

    async def run(self) -> None:
        """Keeps in touch with the store until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sold_out.run())
            group.create_task(self._probe())
            group.create_task(self._doubts.run())

    async def close(self) -> None:
        """Returns when nothing is under way. The client is the caller's."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_SECONDS)
        for task in self._tasks:
            # A loader that is cut off is followed by another, and the comparison begins anew.
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._batches.close()
        await self._store.close()

    async def _probe(self) -> None:
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            await self._store.probe()

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _answered(work: Coroutine[Any, Any, T]) -> T:
    try:
        return await work
    except (*STORE_ERRORS, Away) as error:
        raise Unavailable("GATE_UNAVAILABLE", "the gate does not answer") from error
