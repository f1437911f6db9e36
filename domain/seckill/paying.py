"""Payments: each pays its order or goes back, and no third thing happens to it (SK-4)."""

from dataclasses import replace

from domain.seckill import refusals
from domain.seckill.activity import BenefitItem, SkuItem
from domain.seckill.book import Book
from domain.seckill.commands import Deliver, Pay, RefuseDelivery
from domain.seckill.done import Done
from domain.seckill.ending import expired
from domain.seckill.events import OrderDelivered, OrderPaid, OrderRefunded, PaymentLate, RefundDue
from domain.seckill.orders import Order, OrderState
from domain.seckill.payments import Payment, PaymentFate, RefundCause
from domain.seckill.reserving import first_with_room, require_within_limit, told_of
from domain.shared.errors import DomainError
from domain.shared.instants import Instant

_TOO_LATE_FOR = {
    OrderState.CANCELLED: RefundCause.ORDER_CANCELLED,
    OrderState.PAID: RefundCause.ORDER_PAID_ALREADY,
    OrderState.DELIVERED: RefundCause.ORDER_PAID_ALREADY,
    OrderState.REFUNDED: RefundCause.DELIVERY_REFUSED,
}


def pay(command: Pay, book: Book) -> Done:
    """The payment with its fate, the one it had if it was told of before.

    Raises NotFound (ORDER_NOT_FOUND), Refused (PAYMENT_ID_REUSED).
    """
    order = book.order(command.order_id)
    known = book.payment(command.payment_id)
    if known is not None:
        if (known.order_id, known.amount) != (command.order_id, command.amount):
            raise refusals.payment_id_reused(command.payment_id, known.order_id)
        return Done(order, known, is_repeat=True)
    payment = Payment(
        payment_id=command.payment_id,
        order_id=order.order_id,
        activity_id=order.activity_id,
        amount=command.amount,
        paid=_paid_instant(command, order, book.now),
        fate=PaymentFate.APPLIED,
    )
    if order.state is OrderState.RESERVED and payment.paid >= order.expires:
        order = expired(order, book)
    if order.state is OrderState.EXPIRED:
        order = book.save(order, _told_late(order, payment))
    cause = _TOO_LATE_FOR.get(order.state)
    if cause is None and payment.amount != order.payable:
        cause = RefundCause.AMOUNT_WRONG
    if cause is None and order.state is OrderState.EXPIRED:
        order, cause = _reserved_again(order, payment, book)
    return _refunded(order, payment, cause, book) if cause else _applied(order, payment, book)


def deliver(command: Deliver, book: Book) -> Done:
    """The member has it. Raises NotFound (ORDER_NOT_FOUND), Refused (ORDER_STATE_WRONG)."""
    order = book.order(command.order_id)
    if order.state is OrderState.DELIVERED:
        return Done(order, is_repeat=True)
    payment = _payment_of(order, book)
    delivered = replace(order, state=OrderState.DELIVERED, ended=book.now)
    told = OrderDelivered(order.order_id, order.activity_id, order.member_id)
    return Done(book.save(delivered, told), book.keep(replace(payment, fate=PaymentFate.DELIVERED)))


def refuse_delivery(command: RefuseDelivery, book: Book) -> Done:
    """The units go back, and the money. Raises NotFound (ORDER_NOT_FOUND), Refused (ORDER_STATE_WRONG)."""
    order = book.order(command.order_id)
    if order.state is OrderState.REFUNDED:
        return Done(order, is_repeat=True)
    payment = _payment_of(order, book)
    told = OrderRefunded(order.order_id, order.activity_id, order.member_id, order.quantity, command.reason)
    order = replace(order, state=OrderState.REFUNDED, ended=book.now, reason=command.reason)
    return _refunded(book.save(order, told), payment, RefundCause.DELIVERY_REFUSED, book)


def _paid_instant(command: Pay, order: Order, now: Instant) -> Instant:
    # Clocks differ, and money was paid: a time outside counts as the nearest that can be.
    return now if command.paid is None else min(max(command.paid, order.reserved), now)


def _reserved_again(order: Order, payment: Payment, book: Book) -> tuple[Order, RefundCause | None]:
    """The order with units again, not saved yet; or as it was, and why it gets none."""
    if payment.paid >= order.expires and not book.activity.is_selling(book.now):
        return order, RefundCause.ACTIVITY_CLOSED
    # Its own tranche was open to the member when it was reserved; others are, if they are to everybody.
    parts = sorted(book.activity.settings.parts, key=lambda tranche: tranche.number != order.tranche)
    open_to = [one for one in parts if one.number == order.tranche or one.is_released(book.now)]
    try:
        require_within_limit(book, order.member_id, order.quantity)
        tranche = first_with_room(book, open_to, order.quantity)
    except DomainError as refusal:
        return order, RefundCause(refusal.reason)
    return replace(order, state=OrderState.RESERVED, tranche=tranche.number, ended=None, reason=""), None


def _applied(order: Order, payment: Payment, book: Book) -> Done:
    paid = replace(order, state=OrderState.PAID, paid=payment.paid, payment_id=payment.payment_id)
    item = book.activity.settings.item
    told = OrderPaid(
        order_id=paid.order_id,
        activity_id=paid.activity_id,
        member_id=paid.member_id,
        sku_id=item.sku_id if isinstance(item, SkuItem) else "",
        benefit_id=item.benefit_id if isinstance(item, BenefitItem) else "",
        quantity=paid.quantity,
        payment_id=payment.payment_id,
        currency=paid.price.currency,
        amount_minor=paid.price.amount,
        paid=payment.paid,
        reserved=paid.reserved,
        scene=paid.scene,
    )
    was_reserved = book.order(order.order_id).state is OrderState.RESERVED
    news = (told,) if was_reserved else (told_of(paid, again=True), told)
    return Done(book.save(paid, *news), book.keep(payment))


def _told_late(order: Order, payment: Payment) -> PaymentLate:
    return PaymentLate(
        payment_id=payment.payment_id,
        order_id=order.order_id,
        activity_id=order.activity_id,
        member_id=order.member_id,
        currency=payment.amount.currency,
        amount_minor=payment.amount.amount,
        paid=payment.paid,
    )


def _refunded(order: Order, payment: Payment, cause: RefundCause, book: Book) -> Done:
    due = RefundDue(
        payment_id=payment.payment_id,
        order_id=order.order_id,
        activity_id=order.activity_id,
        member_id=order.member_id,
        currency=payment.amount.currency,
        amount_minor=payment.amount.amount,
        cause=cause.value,
    )
    gone = replace(payment, fate=PaymentFate.REFUNDED, cause=cause)
    return Done(book.save(order, due), book.keep(gone))


def _payment_of(order: Order, book: Book) -> Payment:
    """The payment that pays a paid order. Raises Refused (ORDER_STATE_WRONG) for any other."""
    payment = book.payment(order.payment_id)
    if order.state is not OrderState.PAID or payment is None:
        raise refusals.order_state_wrong(order, order.state)
    return payment
