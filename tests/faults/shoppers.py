"""Members who buy cards, and sometimes give them back."""

from clients import IdentityClient
from tests.faults.crowd import Crowd, Memory
from tests.faults.stories import ordered, paying, refunding

CARDS = ("gold_monthly", "gold_quarterly", "gold_annual")
SHARE_OF_REFUNDS = 0.35
ENOUGH = "HORIZON_EXCEEDED"
"""They have bought as much as can be prepaid."""


def shoppers(size: int, seed: int) -> Crowd:
    return Crowd(_errand, size, seed, enough=ENOUGH)


async def _errand(crowd: Crowd, memory: Memory) -> None:
    card = crowd.chance.choice(CARDS)
    order = await crowd.insist(lambda channel: ordered(IdentityClient(channel), memory.member_id, card))
    if order is None or await crowd.ask(memory, paying(order)) is None:
        return
    if crowd.chance.random() < SHARE_OF_REFUNDS:
        await crowd.ask(memory, refunding(memory.member_id, order_id=order.order_id))
