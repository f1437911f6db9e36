"""A reservation's way: the gate refuses early, the commit decides. And what is read of orders."""

from collections.abc import Sequence
from typing import Protocol
from uuid import uuid4

from domain.seckill import refusals
from domain.seckill.activity import Activity, ActivityState
from domain.seckill.commands import Reserve
from domain.seckill.gate import ALL_TRANCHES, Answer, Claim, Verdict
from domain.seckill.orders import Order
from domain.shared.errors import DomainError, Unavailable
from servers.mesh.clock import Clock
from servers.mesh.pages import Place
from servers.seckill.ports import Result, Wanted, Write
from servers.seckill.sale.commits import Commits
from servers.seckill.sale.eligibility import Eligibility, Question
from servers.seckill.sale.group import Kept, Work
from servers.seckill.sale.recent import RecentActivities
from servers.seckill.sale.tally import GATE, MEMORY
from servers.seckill.sale.telling import Cause
from servers.seckill.sale.under_way import Request
from servers.seckill.sql.lists import find_order, list_orders
from servers.seckill.sql.orders import orders_by_request
from servers.store.store import Store

_UNGATED = frozenset({Verdict.MISSING, Verdict.AWAY})


class Gate(Protocol):
    """The gate, as a reservation meets it."""

    def is_sold_out(self, activity_id: str, claim: Claim) -> bool: ...

    async def claim(self, activity_id: str, claim: Claim) -> Answer: ...

    async def is_claimed(self, activity_id: str, member_id: str, request_id: str) -> bool: ...


class Selling:
    """The port `Sales`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        gate: Gate,
        commits: Commits,
        recent: RecentActivities,
        eligibility: Eligibility | None,
    ) -> None:
        """Without `eligibility` nobody can tell what members hold."""
        self._store = store
        self._clock = clock
        self._gate = gate
        self._commits = commits
        self._tally = commits.tally
        self._recent = recent
        self._eligibility = eligibility

    async def reserve(self, wanted: Wanted) -> Order:
        activity_id = wanted.activity_id
        claim = Claim(wanted.member_id, wanted.request_id, wanted.quantity, ALL_TRANCHES)
        if self._gate.is_sold_out(activity_id, claim):
            self._tally.refused("SOLD_OUT", MEMORY)
            raise refusals.sold_out(activity_id)
        request = Request(activity_id, wanted.member_id, wanted.request_id)
        with self._commits.under_way.of([request]):
            return await self._reserved(wanted, claim)

    async def _reserved(self, wanted: Wanted, claim: Claim) -> Order:
        activity_id = wanted.activity_id
        activity = await self._recent(activity_id)
        if activity.settings.scenes and wanted.scene not in activity.settings.scenes:
            raise refusals.scene_not_allowed(activity, wanted.scene)
        held, unknown = await self._held(activity, wanted.member_id)
        answer = await self._gate.claim(activity_id, claim._replace(mask=_mask(activity, held)))
        try:
            if not answer.passes:
                raise self._refused(activity, answer)
            return await self._committed(wanted, held, answer)
        except DomainError as refusal:
            # What he may hold would have changed nothing but these.
            if unknown and refusal.reason in {"SOLD_OUT", "NOT_ELIGIBLE"}:
                raise unknown from refusal
            raise

    async def write(self, write: Write) -> bytes:
        cause = Cause(write.asked.key.caller or "nobody", write.asked.key.request_id)
        kept = Kept(write.asked, write.answer)
        return (await self._commits(Work(write.activity_id, write.command, cause, kept))).response

    async def result(self, activity_id: str, member_id: str, request_id: str) -> Result:
        request = Request(activity_id, member_id, request_id)
        is_pending = request in self._commits.under_way
        is_pending |= await self._gate.is_claimed(activity_id, member_id, request_id)
        found = await self._store.read(orders_by_request, activity_id, [(member_id, request_id)])
        return Result(found[0] if found else None, is_pending and not found)

    async def order(self, order_id: str) -> Order:
        found = await self._store.read(find_order, order_id)
        if found is None:
            raise refusals.order_not_found(order_id)
        return found

    async def orders(
        self, member_id: str, activity_id: str, before: Place | None, limit: int
    ) -> Sequence[Order]:
        return await self._store.read(list_orders, member_id, activity_id, before, limit)

    def _refused(self, activity: Activity, answer: Answer) -> DomainError:
        refusal = _refusal(activity, answer, self._clock)
        self._tally.refused(refusal.reason, GATE)
        return refusal

    async def _committed(self, wanted: Wanted, held: frozenset[str], answer: Answer) -> Order:
        command = Reserve(
            order_id=uuid4().hex,
            member_id=wanted.member_id,
            request_id=wanted.request_id,
            quantity=wanted.quantity,
            scene=wanted.scene,
            held_skus=held,
            claimed=answer.tranche,
        )
        if answer.verdict in _UNGATED:
            self._tally.ungated += 1
        cause = Cause(wanted.actor, wanted.request_id)
        decided = await self._commits(Work(wanted.activity_id, command, cause, stamp=answer.stamp))
        assert decided.done is not None, "only kept answers come without what was done"
        return decided.done.order

    async def _held(self, activity: Activity, member_id: str) -> tuple[frozenset[str], Unavailable | None]:
        """Held SKUs that matter now; none of them, and why, if it cannot be learnt."""
        if not activity.asks_what_members_hold(self._clock.now()):
            return frozenset(), None
        sku_ids = dict.fromkeys(sku_id for part in activity.settings.parts for sku_id in part.sku_ids)
        if self._eligibility is None:
            return frozenset(), Unavailable("ELIGIBILITY_UNKNOWN", "nobody can tell what members hold")
        try:
            return await self._eligibility(Question(member_id, tuple(sku_ids))), None
        except Unavailable as unknown:
            return frozenset(), unknown


def _mask(activity: Activity, held: frozenset[str]) -> int:
    """The tranches that are open because of what is held: the gate knows which are open to everybody."""
    return sum(
        1 << part.number - 1
        for part in activity.settings.parts
        if any(sku_id in held for sku_id in part.sku_ids)
    )


def _refusal(activity: Activity, answer: Answer, clock: Clock) -> DomainError:
    """The gate's verdict in the words of the rules. The gate's clock decided, so it is not asked again."""
    settings = activity.settings
    match answer.verdict:
        case Verdict.MEMBER_LIMIT:
            return refusals.member_limit_reached(activity)
        case Verdict.NOT_ELIGIBLE:
            return refusals.not_eligible(activity, clock.now())
        case Verdict.NOT_OPEN if activity.state is ActivityState.PUBLISHED:
            return refusals.not_selling(activity, settings.opens - 1)
        case Verdict.NOT_OPEN | Verdict.CLOSED:
            return refusals.not_selling(activity, settings.closes)
    return refusals.sold_out(activity.activity_id)
