"""Activities and orders of flash sales as people read them."""

from typing import TYPE_CHECKING

from servers.mesh.cli.output import plain
from servers.mesh.cli.words import money, word_of

if TYPE_CHECKING:
    from nectary.seckill.v1 import seckill_pb2
    from servers.mesh.cli.session import Session


def state_text(state: int) -> str:
    """`published`."""
    from nectary.seckill.v1 import seckill_pb2

    return word_of(seckill_pb2.ActivityState.DESCRIPTOR, state)


def item_text(item: "seckill_pb2.Item") -> str:
    """`gold_annual`, `benefit lounge`."""
    return f"benefit {item.benefit_id}" if item.WhichOneof("kind") == "benefit_id" else item.sku_id


def stock_text(stock: "seckill_pb2.Stock") -> str:
    """`812 of 1,000 taken, 188 left`."""
    return f"{stock.taken:,} of {stock.stock:,} taken, {stock.stock - stock.taken:,} left"


def window_text(session: "Session", settings: "seckill_pb2.ActivitySettings") -> str:
    """`2027-01-01 10:00 to 2027-01-01 11:00`."""
    from clients.times import datetime_of

    opens, closes = (session.moment(datetime_of(one)) for one in (settings.open_time, settings.close_time))
    return f"{opens} to {closes}"


def order_line(session: "Session", order: "seckill_pb2.Order") -> str:
    """One order in a line."""
    from clients.times import datetime_of
    from nectary.seckill.v1 import seckill_pb2

    state = word_of(seckill_pb2.OrderState.DESCRIPTOR, order.state)
    why = f": {order.end_reason}" if order.end_reason else ""
    reserved = session.moment(datetime_of(order.reserve_time))
    units = f"{order.quantity} x {order.activity_id}"
    return plain(
        f"{order.order_id}  {reserved}  {order.member_id}  {units}  {money(order.payable)}  {state}{why}"
    )
