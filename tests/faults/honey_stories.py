"""Writes of Honey that are killed on their way: each story prepares a member and says which call is next."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from clients import WalletClient
from nectary.honey.v1 import earning_service_pb2
from nectary.honey.v1 import wallet_service_pb2 as pb
from tests.faults.honey_ground import PROGRAMME, HoneyClients, an_order
from tests.faults.stories import Call

SERVICE = "/nectary.honey.v1.WalletService"
LIFE = timedelta(seconds=0.5)
"""Of points that expire: long enough to be earned on a busy machine."""


Prepare = Callable[[HoneyClients, str], Awaitable[Call]]
"""Brings a new member so far that the call is next."""


async def earned(client: WalletClient, member_id: str, points: int, **more: Any) -> str:
    """The transaction."""
    return (await client.earn_points(PROGRAMME, member_id, points, **more)).transaction_id


def of(member_id: str, points: int, request_id: str = "") -> dict[str, Any]:
    """What every call says: of one that is the member's only one, the member's id is name enough."""
    request_id = request_id or f"once-{member_id}"
    return {
        "request_id": request_id,
        "programme_id": PROGRAMME,
        "member_id": member_id,
        "points": points,
        "cause": request_id,
    }


async def earning_that_a_merchant_pays_for(client: WalletClient, member_id: str) -> Call:
    merchant_id = f"shop-{member_id}"
    await client.adjust_points(PROGRAMME, points=1_000, merchant_id=merchant_id, reason="credit")
    request = pb.EarnPointsRequest(**of(member_id, 300), merchant_id=merchant_id)
    return Call(f"{SERVICE}/EarnPoints", request)


async def confirmation_of_a_part_with_a_merchant(client: WalletClient, member_id: str) -> Call:
    await earned(client, member_id, 60)
    await earned(client, member_id, 60)
    hold_id = (await client.hold_points(PROGRAMME, member_id, 100)).hold.hold_id
    request = pb.ConfirmHoldRequest(**of(member_id, 70), hold_id=hold_id, merchant_id=f"shop-{member_id}")
    return Call(f"{SERVICE}/ConfirmHold", request)


async def reversal_of_what_was_spent(client: WalletClient, member_id: str) -> Call:
    """The member owes it."""
    earning = await earned(client, member_id, 100)
    await client.spend_points(PROGRAMME, member_id, 80)
    request = pb.ReversePointsRequest(**of(member_id, 0), reversed_transaction_id=earning)
    return Call(f"{SERVICE}/ReversePoints", request)


async def transfer(client: WalletClient, member_id: str) -> Call:
    await earned(client, member_id, 60)
    await earned(client, member_id, 60)
    request = pb.TransferPointsRequest(**of(member_id, 100), target_member_id=f"friend-{member_id}")
    return Call(f"{SERVICE}/TransferPoints", request)


async def spend_after_an_expiry(client: WalletClient, member_id: str) -> Call:
    """Nobody wrote the expiry when it fell due: the spend does it first."""
    await earned(client, member_id, 50, expires_at=datetime.now(UTC) + LIFE)
    await earned(client, member_id, 50)
    await asyncio.sleep(LIFE.total_seconds())
    return Call(f"{SERVICE}/SpendPoints", pb.SpendPointsRequest(**of(member_id, 40)))


async def order_that_was_paid_in_points_too(client: HoneyClients, member_id: str) -> Call:
    return Call(RECORD, await _ordered(client, member_id))


async def order_of_which_refunds_came_first(client: HoneyClients, member_id: str) -> Call:
    request = await _ordered(client, member_id)
    await client.refund_order_items(PROGRAMME, request.event.event_id, {"tea": 300, "cup": 450})
    return Call(RECORD, request)


async def refund_of_items(client: HoneyClients, member_id: str) -> Call:
    """What it earned was spent; what was spent on it comes back."""
    request = await _ordered(client, member_id)
    told = await client.earning.record_event(PROGRAMME, member_id, request.event)
    await client.spend_points(PROGRAMME, member_id, told.balance.active_points)
    refunds = [pb.ItemRefund(item_id="tea", amount_minor=450), pb.ItemRefund(item_id="cup", amount_minor=450)]
    refund = pb.RefundOrderItemsRequest(
        request_id=f"once-{member_id}",
        programme_id=PROGRAMME,
        order_id=request.event.event_id,
        refunds=refunds,
    )
    return Call(f"{SERVICE}/RefundOrderItems", refund)


RECORD = "/nectary.honey.v1.EarningService/RecordEvent"


async def _ordered(client: HoneyClients, member_id: str) -> earning_service_pb2.RecordEventRequest:
    """The member has spent 60 points on it, of two lots."""
    await earned(client, member_id, 50)
    await earned(client, member_id, 50)
    spend = await client.spend_points(PROGRAMME, member_id, 60)
    event = an_order(f"order-{member_id}", spend.transaction_id, 60)
    return earning_service_pb2.RecordEventRequest(
        request_id=f"once-{member_id}", programme_id=PROGRAMME, member_id=member_id, event=event
    )


HONEY_STORIES: tuple[Prepare, ...] = (
    earning_that_a_merchant_pays_for,
    confirmation_of_a_part_with_a_merchant,
    reversal_of_what_was_spent,
    transfer,
    spend_after_an_expiry,
    order_that_was_paid_in_points_too,
    order_of_which_refunds_came_first,
    refund_of_items,
)
