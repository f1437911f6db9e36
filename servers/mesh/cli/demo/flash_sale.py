"""Chapter five: ten thousand members want a thousand cards, and one of those who got one pays."""

import asyncio

from nectary.seckill.v1 import seckill_pb2 as pb
from servers.mesh.cli.demo.check import Check, check_table
from servers.mesh.cli.demo.story import tell
from servers.mesh.cli.drawing.answers import answer_bars, histogram
from servers.mesh.cli.output import Output
from servers.mesh.cli.rush.audit import audit
from servers.mesh.cli.rush.crowd import SKU, Sale, open_sale, rush
from servers.mesh.cli.rush.report import figure_table, summary
from servers.mesh.cli.rush.view import watched
from servers.mesh.cli.session import Mesh

MEMBERS, CARDS = 10_000, 1_000
IN_FLIGHT = 100
BARS = 60
DELIVERY_SECONDS = 30.0


async def flash_sale(mesh: Mesh, output: Output, members: int, cards: int) -> list[Check]:
    """Tells it, and holds what was heard against what is in the books. The catalogue must be there."""
    text = (
        f"{members:,} members want one of {cards:,} annual gold cards, all at once. A gate in Valkey sets "
        "units aside or refuses, groups of orders are committed under one version check, and nobody is told "
        "yes before his order is in the database. In the end exactly the stock is sold."
    )
    tell(output, "Chapter five: a flash sale", text)
    sale = await open_sale(mesh, "demo_gold_cards", cards)
    with watched(output, members, cards) as heard:
        await rush(mesh, sale, members, IN_FLIGHT, heard)
    checks = [*await audit(mesh, sale, members), await _paid_and_delivered(mesh, sale)]
    sold, refused = ([one.at for one in some] for some in (sale.sold, sale.refused))
    bars = answer_bars(histogram(sold, refused, BARS))
    output.show(figure_table(sale), "", *bars, "", summary(sale), "", check_table(checks), "")
    return checks


async def _paid_and_delivered(mesh: Mesh, sale: Sale) -> Check:
    """The first buyer pays, and Identity gives him his card, by way of events."""
    name = "the first buyer paid, and holds"
    if not sale.sold:
        return Check(name, SKU, None)
    buyer = sale.sold[0]
    order = await mesh.seckill.get_order(buyer.order_id)
    await mesh.seckill.confirm_payment(
        order.order_id, payment_id=f"pay-{order.order_id}", amount=order.payable
    )
    try:
        async with asyncio.timeout(DELIVERY_SECONDS):
            while order.state != pb.ORDER_STATE_DELIVERED:
                await asyncio.sleep(0.05)
                order = await mesh.seckill.get_order(order.order_id)
    except TimeoutError:
        return Check(name, SKU, "a paid order that was not delivered")
    held = (await mesh.identity.list_identities(buyer.member_id)).identities
    return Check(name, SKU, ", ".join(identity.sku_id for identity in held))
