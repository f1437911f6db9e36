"""Buying a card: order, payment, cancellation."""

from dataclasses import dataclass, replace

from domain.identity.checks import judge
from domain.identity.commands.preview import preview_purchase
from domain.identity.commands.refund import apply_notice
from domain.identity.explain import require
from domain.identity.facts import TermPlaced
from domain.identity.layout import Layout
from domain.identity.orders import ORDER_LIFE, Order, OrderState, Quote, require_as_quoted, require_payable
from domain.identity.placement import Placed, effective_of
from domain.identity.ports import IdentityPorts
from domain.identity.recording import Written, open_timeline, write
from domain.identity.terms import Cause, CauseKind
from domain.identity.timeline import Timeline
from domain.identity.wanted import Purchase, acquisition_of, trial_used
from domain.shared.doing import Doing
from domain.shared.errors import FieldViolation, Invalid, Raced, Refused
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """Order a card on its present terms, or on those of a preview."""

    purchase: Purchase
    order_id: str
    preview_etag: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmPayment:
    """An order was paid."""

    order_id: str
    payment_id: str
    amount: int
    currency: str
    paid: Instant | None
    term_id: str


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """An order is not wanted any more."""

    order_id: str


@dataclass(frozen=True)
class Ordered:
    """An order, and what its payment will do."""

    order: Order
    placed: Placed


@dataclass(frozen=True)
class Paid:
    """A paid order, its term, and the timeline."""

    order: Order
    term_id: str
    written: Written


def create_order(command: CreateOrder, ports: IdentityPorts, doing: Doing) -> Ordered:
    """Quote a purchase. Raises Raced (STALE_PREVIEW) if the preview's etag is no longer true."""
    preview = preview_purchase(command.purchase, ports, doing)
    if command.preview_etag and command.preview_etag != preview.etag:
        raise Raced("STALE_PREVIEW", "the catalogue or the timeline changed: preview again")
    purchase, placed = command.purchase, preview.placed
    catalog = ports.catalogs.current(doing.now)
    order = Order(
        order_id=command.order_id,
        member_id=purchase.member_id,
        sku_id=purchase.sku_id,
        sku_version=placed.term.sku_version,
        catalog_revision=catalog.revision,
        source=purchase.source,
        channel=purchase.channel,
        fingerprints=purchase.fingerprints,
        currency=placed.term.currency,
        price=placed.price,
        quote=Quote.of(placed),
        created=doing.now,
        expires=doing.now + ORDER_LIFE,
    )
    ports.orders.save(order)
    return Ordered(order, placed)


def confirm_payment(command: ConfirmPayment, ports: IdentityPorts, doing: Doing) -> Paid:
    """Place the term of a paid order as of its payment, on the terms that the order quoted."""
    order = ports.orders.get(command.order_id)
    timeline, layout = open_timeline(ports.timelines, order.member_id)
    if order.state is OrderState.PAID:
        return _paid_before(order, command, timeline, layout)
    paid = _paid_instant(command, order, doing.now)
    require_payable(order, command.amount, command.currency, paid)
    catalog = ports.catalogs.revision(order.catalog_revision)
    purchase = Purchase(order.member_id, order.sku_id, order.source, order.channel, order.fingerprints)
    wanted = replace(
        acquisition_of(purchase, catalog, paid, command.term_id, ports.catalogs),
        cause=Cause(CauseKind.ORDER, order.order_id),
        quoted_credit=order.quote.credit,
        sold=order.created,
    )
    used = trial_used(wanted.sku, purchase.trial_subjects, ports.claims)
    verdict = judge(timeline, layout, catalog, wanted, since=paid, now=doing.now, trial_used=used)
    placed = require(verdict, timeline, layout, catalog, wanted)
    require_as_quoted(order, placed)
    if wanted.sku.trial_family:
        ports.claims.use_trial(wanted.sku.trial_family, purchase.trial_subjects, command.term_id)
    written = write(
        ports.timelines,
        timeline,
        [(effective_of(timeline, placed.term), TermPlaced(placed.term))],
        doing,
        placed.consequences(),
        placed.layout,
    )
    order = replace(
        order, state=OrderState.PAID, payment_id=command.payment_id, paid=paid, term_id=command.term_id
    )
    ports.orders.save(order)
    for notice in ports.orders.notices(order.order_id):
        written = apply_notice(notice, command.term_id, catalog, written, ports, doing)
    return Paid(order, command.term_id, written)


def cancel_order(command: CancelOrder, ports: IdentityPorts, doing: Doing) -> Order:
    """Cancel an unpaid order. Raises Refused (ORDER_STATE_WRONG) if it is paid."""
    order = ports.orders.get(command.order_id)
    if order.state is OrderState.PAID:
        raise Refused(
            "ORDER_STATE_WRONG", "the order is paid", order_id=order.order_id, state=order.state.value
        )
    if order.state is not OrderState.CANCELLED:
        order = replace(order, state=OrderState.CANCELLED, cancel_reason=doing.reason)
        ports.orders.save(order)
    return order


def _paid_instant(command: ConfirmPayment, order: Order, now: Instant) -> Instant:
    if command.paid is None:
        return now
    if not order.created <= command.paid <= now:
        description = "a payment lies between its order's making and now"
        raise Invalid([FieldViolation("paid_time", "OUT_OF_RANGE", description)])
    return command.paid


def _paid_before(order: Order, command: ConfirmPayment, timeline: Timeline, layout: Layout) -> Paid:
    """The same payment again changes nothing; another one is refused."""
    if order.payment_id != command.payment_id:
        raise Refused(
            "ORDER_PAID_ALREADY",
            "the order was paid by another payment: refund this one",
            order_id=order.order_id,
            payment_id=order.payment_id,
        )
    if (command.amount, command.currency) != (order.payable, order.currency):
        require_payable(order, command.amount, command.currency, order.paid or order.created)
    return Paid(order, order.term_id, Written(timeline, layout))
