"""What members heard beside what is in the books: every figure that must agree after a sale."""

from clients import SeckillClient
from servers.mesh.cli.demo.check import Check
from servers.mesh.cli.rush.crowd import Sale
from servers.mesh.cli.session import Mesh

PAGE = 500
SOLD_OUT = "SOLD_OUT"


async def audit(mesh: Mesh, sale: Sale, requests: int) -> list[Check]:
    """After the sale, while nothing is on its way."""
    booked = await _orders(mesh.seckill, sale.activity_id)
    told = {one.order_id: one.member_id for one in sale.sold}
    answer = await mesh.activities.get_activity(sale.activity_id)
    compared = await mesh.activities.reconcile(sale.activity_id, repair=False)
    wanted = min(requests, sale.stock)
    return [
        Check("members who had an answer", requests, len(sale.heard)),
        Check("units sold", wanted, len(sale.sold)),
        Check("refused for another reason than that all was sold", 0, _odd(sale)),
        Check("members who bought twice", 0, len(told) - len(set(told.values()))),
        Check("orders in the books", wanted, len(booked)),
        Check(
            "orders told of and not in the books, or the other way round",
            0,
            len(told.items() ^ booked.items()),
        ),
        Check("units taken, by the stock's own counter", wanted, answer.stock.taken),
        Check("gate and books agree", "yes", "yes" if compared.balanced else "no"),
    ]


def _odd(sale: Sale) -> int:
    return sum(one.reason != SOLD_OUT for one in sale.refused)


async def _orders(client: SeckillClient, activity_id: str) -> dict[str, str]:
    """Members by order."""
    found: dict[str, str] = {}
    token = ""
    while True:
        page = await client.list_orders(activity_id=activity_id, page_size=PAGE, page_token=token)
        found |= {order.order_id: order.member_id for order in page.orders}
        token = page.next_page_token
        if not token:
            return found
