"""The orders of a small shop, in memory: what the database is to the gate. It never oversells."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from domain.seckill.gate import Answer, Claim, Key, OrderFact, Part, Shape, Verdict
from domain.shared.errors import Unavailable
from domain.shared.instants import HOUR
from servers.mesh.clock import SystemClock
from servers.mesh.redis_clients import short_calls
from servers.seckill.gate.gate import Gate

PATIENT_SECONDS = 10.0
"""A store that is only as slow as a busy machine is not taken for one that is away."""


def a_shape(*parts: Part | int, member_limit: int = 100, revision: int = 1) -> Shape:
    """Of an activity that has been open for an hour and will be for another. A number: for everybody."""
    now = SystemClock().now()
    tranches = tuple(Part(part, 0) if isinstance(part, int) else part for part in parts)
    return Shape(revision, now - HOUR, now + HOUR, member_limit, tranches)


class Ledger:
    """Keeps orders, and tells the gate of them."""

    def __init__(self, **shapes: Shape) -> None:
        self.shapes = dict(shapes)
        self.orders: dict[str, dict[Key, OrderFact]] = {}
        self.pause_seconds = 0.0
        """That a page takes to be read."""
        self.is_away = False
        """Whether nothing can be read."""

    def taken(self, activity_id: str, tranche: int = 1) -> int:
        orders = self.orders.get(activity_id, {}).values()
        return sum(order.units for order in orders if order.tranche == tranche)

    def commit(self, activity_id: str, claim: Claim, tranche: int = 1) -> OrderFact | None:
        """The order, the same again for a repeat; None if nothing is left."""
        orders = self.orders.setdefault(activity_id, {})
        key = (claim.member_id, claim.request_id)
        if key in orders:
            return orders[key]
        if self.taken(activity_id, tranche) + claim.units > self.shapes[activity_id].parts[tranche - 1].stock:
            return None
        orders[key] = OrderFact(*key, claim.units, tranche)
        return orders[key]

    def end(self, activity_id: str, key: Key) -> None:
        """Its order holds nothing any more."""
        orders = self.orders[activity_id]
        orders[key] = orders[key]._replace(units=0)

    async def shape(self, activity_id: str) -> Shape | None:
        if self.is_away:
            raise Unavailable("STORE_UNAVAILABLE", "the ledger is being audited")
        return self.shapes.get(activity_id)

    async def live(self, activity_id: str, keys: Sequence[Key]) -> Mapping[Key, OrderFact]:
        orders = self.orders.get(activity_id, {})
        return {key: orders[key] for key in keys if key in orders and orders[key].units}

    async def page(self, activity_id: str, after: Key | None, limit: int) -> Sequence[OrderFact]:
        await asyncio.sleep(self.pause_seconds)
        orders = self.orders.get(activity_id, {})
        keys = sorted(key for key in orders if after is None or key > after)
        return [orders[key] for key in keys[:limit]]


@asynccontextmanager
async def a_gate(
    url: str, ledger: Ledger, slow_seconds: float = PATIENT_SECONDS, ahead: int = 0
) -> AsyncIterator[Gate]:
    """A gate as a process has it."""
    client = short_calls(url)
    gate = Gate(client, ledger, lambda: ahead, slow_seconds)
    job = asyncio.create_task(gate.run())
    try:
        yield gate
    finally:
        job.cancel()
        with suppress(asyncio.CancelledError):
            await job
        await gate.close()
        await client.aclose()


async def buy(gate: Gate, ledger: Ledger, activity_id: str, claim: Claim) -> Verdict:
    """What the sale does: HELD if there is an order, else the refusal."""
    answer = await gate.claim(activity_id, claim)
    if not answer.passes:
        return answer.verdict
    order = ledger.commit(activity_id, claim, answer.tranche or 1)
    if order is not None and order.units:
        gate.settle(activity_id, [order])
    else:
        gate.drop(activity_id, [(claim.member_id, claim.request_id, answer.stamp)])
    return Verdict.SOLD_OUT if order is None else Verdict.HELD


def claims(count: int, units: int = 1, first: int = 0, mask: int = 0) -> list[Claim]:
    """Of as many members."""
    return [Claim(f"member-{number}", "r-1", units, mask) for number in range(first, first + count)]


def count_of(answers: Sequence[Answer], verdict: Verdict) -> int:
    return sum(answer.verdict is verdict for answer in answers)
