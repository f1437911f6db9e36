"""The commit: what is wanted of one activity at the same time becomes one transaction.

Each activity has a queue of its own, so that one whose row is locked keeps no other waiting. While a group
commits, the next one gathers. The gate is told by the group, not by its callers: they may have left.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from domain.seckill.commands import Reserve
from domain.seckill.gate import OrderFact
from domain.seckill.orders import Order
from domain.shared.errors import Raced
from servers.mesh.batching import Coalescer
from servers.mesh.clock import Clock
from servers.seckill.sale.group import Decided, Group, Result, Work, run_group
from servers.seckill.sale.tally import Tally
from servers.seckill.sale.turn import Turns
from servers.seckill.sale.under_way import Request, UnderWay
from servers.store.faults import CommitUnknown
from servers.store.grouping import Grouped
from servers.store.store import Store

MAX_GROUP = 256
"""Commands in one transaction: more would make every one of them wait for the last."""
CROWD = 8
"""So many that waited while a group was committed, of all sales of the process together,"""
PAUSE_SECONDS = 0.008
"""wait so much longer for others, for each group that is under way: a group costs some milliseconds of the
processor, whatever its size. Measured at 256 buyers of one sale: half as many groups, a quarter less of the
processor for each order; of ten sales, see docs/decisions.md."""
LONGEST_PAUSE_SECONDS = 0.1
MAX_WAITING = 16_384
"""Commands of one activity that wait; beyond that callers are told to come back."""
MAX_QUEUES = 4_096
"""Activities whose queues are remembered while nobody waits in them."""


class Told(Protocol):
    """The gate, as the commit needs it: it hears of everything, answers nothing and raises nothing."""

    def settle(self, activity_id: str, orders: Sequence[OrderFact]) -> None: ...

    def drop(self, activity_id: str, claims: Sequence[tuple[str, str, int]]) -> None: ...


class Commits:
    """Await it with work: what was done, or the refusal raised.

    Raises also Unavailable, when nothing was written; and Raced, when nobody can tell.
    """

    def __init__(self, store: Store, clock: Clock, gate: Told | None, turns: Turns | None) -> None:
        """Without `turns`, groups of several processes meet in the database, and one of them goes twice."""
        self._store = store
        self._clock = clock
        self._gate = gate
        self._turns = turns
        self.tally = Tally()
        self.under_way = UnderWay()
        """Also of callers that have left: their group goes on without them."""
        self._grouped: Grouped[Work, Decided] = Grouped("seckill", self._transact)
        self._queues: OrderedDict[str, Coalescer[Work, Decided]] = OrderedDict()
        self._committing = 0
        """Groups under way."""

    async def __call__(self, work: Work) -> Decided:
        return await self._queue(work.activity_id)(work)

    async def drain(self) -> None:
        """Returns when everything has its answer."""
        for queue in list(self._queues.values()):
            await queue.drain()

    def _queue(self, activity_id: str) -> Coalescer[Work, Decided]:
        queue = self._queues.get(activity_id)
        if queue is None:
            queue = Coalescer(
                self._commit,
                max_size=MAX_GROUP,
                max_waiting=MAX_WAITING,
                pause=lambda waiting: pause_before(waiting, self._committing + 1),
            )
            self._queues[activity_id] = queue
        self._queues.move_to_end(activity_id)
        if len(self._queues) > MAX_QUEUES and next(iter(self._queues.values())).is_idle:
            self._queues.popitem(last=False)
        return queue

    async def _commit(self, works: Sequence[Work]) -> Sequence[Result]:
        self._committing += 1
        try:
            with self.under_way.of(request for work in works if (request := _request_of(work))):
                return await self._committed(works)
        finally:
            self._committing -= 1

    async def _committed(self, works: Sequence[Work]) -> Sequence[Result]:
        activity_id = works[0].activity_id
        if self._turns is not None:
            await self._turns.take(activity_id)
        try:
            results = await self._grouped(works)
        except Exception as error:
            results = [error] * len(works)
        if self._turns is not None:
            self._turns.done(activity_id, more=self._queues[activity_id].has_waiting)
        self._tell_gate(activity_id, works, results)
        return results

    async def _transact(self, works: Sequence[Work]) -> Sequence[Result]:
        group = Group(works)
        try:
            results = await self._store.transact(run_group, group, self._clock)
        except CommitUnknown:
            self.tally.unknown_commits += 1
            raise
        finally:
            self.tally.lost_races += group.lost_races
        self.tally.decided(group, results)
        return results

    def _tell_gate(self, activity_id: str, works: Sequence[Work], results: Sequence[Result]) -> None:
        if self._gate is None:
            return
        held, gone = [], []
        for work, result in zip(works, results, strict=True):
            order = result.done.order if isinstance(result, Decided) and result.done else None
            if order and order.holds:
                held.append(OrderFact(order.member_id, order.request_id, order.quantity, order.tranche))
            elif claim := _ended_claim(work, order, result):
                gone.append(claim)
        if held:
            self._gate.settle(activity_id, held)
        if gone:
            self._gate.drop(activity_id, gone)


def pause_before(waiting: int, sharing: int) -> float:
    """Seconds before a group for which so many wait, if it shares the process with others: so many in all."""
    if waiting == 1 or waiting * sharing < CROWD:
        return 0.0
    return min(PAUSE_SECONDS * sharing, LONGEST_PAUSE_SECONDS)


def _request_of(work: Work) -> Request | None:
    command = work.command
    if isinstance(command, Reserve):
        return Request(work.activity_id, command.member_id, command.request_id)
    return None


def _ended_claim(work: Work, order: Order | None, result: Result) -> tuple[str, str, int] | None:
    """The claim behind which no order stands any more; None if there is none, or if nobody can tell."""
    if order:
        return order.member_id, order.request_id, work.stamp
    if isinstance(work.command, Reserve) and not isinstance(result, Raced):
        return work.command.member_id, work.command.request_id, work.stamp
    return None
