"""Orders whose units go back: cancelled, or not paid in time."""

from dataclasses import replace

from domain.seckill import refusals
from domain.seckill.book import Book
from domain.seckill.commands import Cancel, Expire
from domain.seckill.done import Done
from domain.seckill.events import OrderCancelled, OrderExpired
from domain.seckill.orders import Order, OrderState


def cancel(command: Cancel, book: Book) -> Done:
    """Raises NotFound (ORDER_NOT_FOUND), Refused (ORDER_STATE_WRONG)."""
    order = book.order(command.order_id)
    if order.state is OrderState.CANCELLED:
        return Done(order, is_repeat=True)
    state = order.state_at(book.now)
    if state is not OrderState.RESERVED:
        raise refusals.order_state_wrong(order, state)
    told = OrderCancelled(order.order_id, order.activity_id, order.member_id, order.quantity, command.reason)
    cancelled = replace(order, state=OrderState.CANCELLED, ended=book.now, reason=command.reason)
    return Done(book.save(cancelled, told))


def expire(command: Expire, book: Book) -> Done:
    """Nothing happens before the order's time, or if it has ended otherwise. Raises NotFound."""
    order = book.order(command.order_id)
    if order.state is not OrderState.RESERVED or book.now < order.expires:
        return Done(order, is_repeat=True)
    return Done(expired(order, book))


def expired(order: Order, book: Book) -> Order:
    """The order, whose time has passed."""
    told = OrderExpired(order.order_id, order.activity_id, order.member_id, order.quantity)
    return book.save(replace(order, state=OrderState.EXPIRED, ended=book.now), told)
