"""Buying a card: preview, order, payment, cancellation."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.identity.catalog import Catalog, Channel, Sku
from domain.identity.checks import Verdict, judge
from domain.identity.commands.refund import apply_notice
from domain.identity.explain import earliest_start, require
from domain.identity.facts import Cause, CauseKind, TermPlaced
from domain.identity.layout import Layout
from domain.identity.orders import ORDER_LIFE, Order, OrderState, Quote, require_as_quoted, require_payable
from domain.identity.placement import Acquisition, Placed, effective_of
from domain.identity.ports import Catalogs, IdentityPorts
from domain.identity.recording import Doing, Written, open_timeline, write
from domain.identity.timeline import Timeline
from domain.shared.errors import FieldViolation, Invalid, NotFound, Raced, Refused
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Purchase:
    """A card that a member wants to buy."""

    member_id: str
    sku_id: str
    source: str
    channel: Channel
    fingerprints: tuple[str, ...] = ()

    @property
    def trial_subjects(self) -> tuple[str, ...]:
        """Whom a trial is counted for: the member and every fingerprint."""
        return trial_subjects(self.member_id, self.fingerprints)


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
    reason: str


@dataclass(frozen=True)
class Preview:
    """What a purchase would do now, and the name of the state that this follows from."""

    placed: Placed
    etag: str


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


@dataclass(frozen=True)
class Explanation:
    """Every check of a purchase, and when a refused one would be accepted."""

    verdict: Verdict
    earliest_start: Instant | None


def trial_subjects(member_id: str, fingerprints: Sequence[str]) -> tuple[str, ...]:
    return (f"m:{member_id}", *(f"f:{fingerprint}" for fingerprint in fingerprints))


def sku_of(catalog: Catalog, sku_id: str, catalogs: Catalogs) -> Sku:
    """Raises NotFound (SKU_NOT_FOUND), or Refused (SKU_NOT_ON_SALE) if a later catalogue retired it."""
    if sku_id in catalog.skus:
        return catalog.skus[sku_id]
    if sku_id in catalogs.highest_versions():
        raise Refused("SKU_NOT_ON_SALE", f"{sku_id} is not sold any more", sku_id=sku_id)
    raise NotFound("SKU_NOT_FOUND", f"the catalogue has no SKU {sku_id}", sku_id=sku_id)


def preview_purchase(purchase: Purchase, ports: IdentityPorts, doing: Doing) -> Preview:
    """What the purchase would do at this moment. Raises what the purchase would."""
    catalog = ports.catalogs.current(doing.now)
    timeline, layout = open_timeline(ports.timelines, purchase.member_id)
    verdict = _judge(purchase, catalog, timeline, layout, ports, doing.now)
    wanted = _wanted(purchase, catalog, doing.now, "preview", ports)
    placed = require(verdict, timeline, layout, catalog, wanted)
    return Preview(placed, etag_of(catalog, timeline, placed))


def explain_purchase(purchase: Purchase, ports: IdentityPorts, doing: Doing) -> Explanation:
    """Every check of the purchase, and the start it would get when it is first accepted."""
    catalog = ports.catalogs.current(doing.now)
    timeline, layout = open_timeline(ports.timelines, purchase.member_id)
    verdict = _judge(purchase, catalog, timeline, layout, ports, doing.now)
    if verdict.accepted:
        return Explanation(verdict, None)
    if any(check.refusal and check.refusal.reason in _NEVER for check in verdict.checks):
        return Explanation(verdict, None)
    wanted = _wanted(purchase, catalog, doing.now, "preview", ports)
    return Explanation(verdict, earliest_start(timeline, layout, catalog, wanted, verdict.placed))


_NEVER = {"TRIAL_USED", "SOURCE_NOT_ALLOWED"}
"""Refusals that no waiting mends."""


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
        _wanted(purchase, catalog, paid, command.term_id, ports),
        cause=Cause(CauseKind.ORDER, order.order_id),
        quoted_credit=order.quote.credit,
        sold=order.created,
    )
    used = _trial_used(purchase, wanted.sku, ports)
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
        order = replace(order, state=OrderState.CANCELLED)
        ports.orders.save(order)
    return order


def etag_of(catalog: Catalog, timeline: Timeline, placed: Placed) -> str:
    """Names what a preview follows from: catalogue, timeline, placement and price."""
    quote = Quote.of(placed)
    basis = (
        timeline.member_id,
        catalog.revision,
        len(timeline.terms),
        sorted(timeline.refunds),
        sorted(timeline.undone_refunds),
        sorted(timeline.stops.items()),
        placed.term.sku_id,
        quote.placement.value,
        quote.lane_id,
        quote.superseded,
        placed.payable,
    )
    return hashlib.sha256(repr(basis).encode()).hexdigest()[:32]


def _judge(
    purchase: Purchase,
    catalog: Catalog,
    timeline: Timeline,
    layout: Layout,
    ports: IdentityPorts,
    at: Instant,
) -> Verdict:
    wanted = _wanted(purchase, catalog, at, "preview", ports)
    used = _trial_used(purchase, wanted.sku, ports)
    return judge(timeline, layout, catalog, wanted, since=at, now=at, trial_used=used)


def _wanted(
    purchase: Purchase, catalog: Catalog, at: Instant, term_id: str, ports: IdentityPorts
) -> Acquisition:
    sku = sku_of(catalog, purchase.sku_id, ports.catalogs)
    return Acquisition(term_id, sku, at, Cause(CauseKind.ORDER, term_id), purchase.source, purchase.channel)


def _trial_used(purchase: Purchase, sku: Sku, ports: IdentityPorts) -> bool:
    return bool(sku.trial_family) and ports.claims.trial_used(sku.trial_family, purchase.trial_subjects)


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
