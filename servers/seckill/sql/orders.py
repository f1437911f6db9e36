"""Orders: as a group of commands needs them, and as it leaves them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, select

from domain.seckill.orders import Order, OrderState
from domain.shared.money import Money
from servers.seckill.sql.tables import order as orders
from servers.store.keys import Among
from servers.store.rows import insert_rows

_ids: BindParameter[str] = bindparam("ids", expanding=True)
_AMONG = Among(orders.c.member_id, orders.c.request_id, indexed=1)
_BY_REQUEST = select(orders).where(orders.c.activity_id == bindparam("activity"), _AMONG.condition)
_BY_ID = select(orders).where(orders.c.order_id.in_(_ids), orders.c.activity_id == bindparam("activity"))
_DELETE = delete(orders).where(orders.c.order_id.in_(_ids))

Request = tuple[str, str]
"""A member, and the request id of a reservation."""


def orders_by_request(connection: Connection, activity_id: str, requests: Sequence[Request]) -> list[Order]:
    """Those that these requests made."""
    if not requests:
        return []
    found = connection.execute(_BY_REQUEST, {"activity": activity_id, **_AMONG.these(set(requests))})
    return [order_of(row) for row in found]


def orders_by_id(connection: Connection, activity_id: str, order_ids: Sequence[str]) -> list[Order]:
    """Those of the activity: no group may change another's."""
    if not order_ids:
        return []
    found = connection.execute(_BY_ID, {"activity": activity_id, "ids": list(order_ids)})
    return [order_of(row) for row in found]


def write_orders(connection: Connection, new: Sequence[Order], changed: Sequence[Order]) -> None:
    """Two statements for any number of orders: out with the old rows, and in with all."""
    if changed:
        connection.execute(_DELETE, {"ids": [order.order_id for order in changed]})
    insert_rows(connection, orders, [_row(order) for order in (*new, *changed)])


def order_of(row: Row[Any]) -> Order:
    return Order(
        order_id=row.order_id,
        activity_id=row.activity_id,
        member_id=row.member_id,
        request_id=row.request_id,
        tranche=row.tranche,
        quantity=row.quantity,
        price=Money(row.currency, row.amount),
        scene=row.scene,
        reserved=row.reserved_time,
        expires=row.expires_time,
        state=OrderState(row.state),
        moves=row.moves,
        paid=row.paid_time,
        payment_id=row.payment_id,
        ended=row.ended_time,
        reason=row.reason,
    )


def _row(order: Order) -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "activity_id": order.activity_id,
        "member_id": order.member_id,
        "request_id": order.request_id,
        "tranche": order.tranche,
        "quantity": order.quantity,
        "amount": order.price.amount,
        "currency": order.price.currency,
        "scene": order.scene,
        "state": order.state.value,
        "moves": order.moves,
        "reserved_time": order.reserved,
        "expires_time": order.expires,
        "paid_time": order.paid,
        "payment_id": order.payment_id,
        "ended_time": order.ended,
        "reason": order.reason,
    }
