"""One step of a buyer, killed at one step of the server, and everything that must hold afterwards."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress

from google.protobuf.message import Message

from clients import NectaryError
from nectary.seckill.v1 import seckill_service_pb2 as pb
from tests.faults.crash_points import point_of
from tests.faults.kill_points import COMMITTED, is_in_doubt
from tests.faults.rounds import Fate, Round
from tests.faults.sale_ground import PRICE, SaleGround

MOST_STEPS = 60
LATE = 3
"""So many steps before the last, for not every run has as many: still after the commit."""
QUIET_SECONDS = 3.0
"""A server that lives so long after its answer has no more steps."""

Act = Callable[[], Awaitable[Message]]
"""What the buyer does: the same request however often."""
Story = Callable[[SaleGround, str, str], Awaitable[Act]]
"""Brings a new member of an activity so far that the act is next."""


async def reserving(land: SaleGround, activity_id: str, member: str) -> Act:
    return lambda: land.client.reserve_unit(activity_id, member, request_id=f"r-{member}")


async def paying(land: SaleGround, activity_id: str, member: str) -> Act:
    order = (await land.client.reserve_unit(activity_id, member, request_id=f"r-{member}")).order_id
    return lambda: land.client.confirm_payment(
        order, payment_id=f"pay-{order}", amount=PRICE, request_id=f"confirm-{order}"
    )


async def cancelling(land: SaleGround, activity_id: str, member: str) -> Act:
    order = (await land.client.reserve_unit(activity_id, member, request_id=f"r-{member}")).order_id
    return lambda: land.client.cancel_order(order, request_id=f"cancel-{order}")


SALE_STORIES: tuple[Story, ...] = (reserving, paying, cancelling)
BEGINS: Mapping[Story, str] = {
    # The claim; of the others the read of the activity, with which each group begins.
    reserving: "^Redis EVALSHA",
    paying: "^SQL SELECT seckill_activity.content, seckill_activity.version",
    cancelling: "^SQL SELECT seckill_activity.content, seckill_activity.version",
}


class SaleRounds:
    """Kills one story at its steps."""

    def __init__(self, land: SaleGround, story: Story, activity_id: str) -> None:
        self._land = land
        self._story = story
        self._activity_id = activity_id
        self._steps = 0
        """Of the server that lived."""

    async def every_step(self, stride: int = 1) -> AsyncIterator[Round]:
        """Step 1, 2, 3 … until the server lives; or each `stride`-th, and then one of the last."""
        for number in range(1, MOST_STEPS, stride):
            result = await self.killed_at(number)
            if result is None:
                break
            yield result
        else:
            raise AssertionError("the story never came to its end")
        if stride > 1 and (result := await self.killed_at(self._steps - LATE)):
            yield result

    async def killed_at(self, number: int) -> Round | None:
        """None if there are fewer steps."""
        land, member = self._land, self._land.new_member()
        act = await self._story(land, self._activity_id, member)
        before = self._moves(member)
        land.server.die_at(BEGINS[self._story], number)
        answer: Message | None = None
        with suppress(NectaryError):
            answer = await act()
        try:
            await land.server.death(QUIET_SECONDS)
        except TimeoutError:
            self._steps = len(land.server.steps())
            await land.restart(jobs=False)
            return None
        steps = land.server.steps()
        await land.restart(jobs=True)
        happened = self._moves(member) != before
        result = Round(steps[-1], Fate.ONCE if happened else Fate.NEVER, point=point_of(steps))
        if not is_in_doubt(steps):
            result.expect(happened == (COMMITTED in steps), f"the act {result.fate.value} after {steps[-5:]}")
        result.violations += await land.amiss(self._activity_id)
        await self._retried(result, member, act, answer)
        await land.restart(jobs=False)
        return result

    async def _retried(self, result: Round, member: str, act: Act, answer: Message | None) -> None:
        """I4, I5: whoever was answered is answered so again, and whoever was not finds out."""
        first = await act()
        result.expect(answer is None or answer == first, f"a retry answers {first} and not {answer}")
        moves = self._moves(member)
        result.expect(await act() == first, "a second retry answers something else")
        result.expect(self._moves(member) == moves, "a second retry did something")
        found = await self._land.client.get_result(self._activity_id, member, f"r-{member}")
        result.expect(found.state == pb.RESULT_STATE_ORDERED, "the request's order is not found")
        result.violations += await self._land.amiss(self._activity_id)

    def _moves(self, member: str) -> list[tuple[str, int]]:
        """How the member's orders stand, and what happened to each so far."""
        orders = self._land.books(self._activity_id).orders
        return [(row["state"], row["moves"]) for row in orders if row["member_id"] == member]
