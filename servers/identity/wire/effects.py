"""What purchases and refunds do, and orders, on the wire."""

from domain.identity.checks import Check
from domain.identity.facts import TermMoved
from domain.identity.orders import Order
from domain.identity.placement import Placed
from domain.identity.termination import Terminated
from domain.shared.instants import Instant
from nectary.identity.v1 import identity_pb2 as pb
from servers.identity.wire import timelines
from servers.identity.wire.values import (
    CHANNELS,
    CHECKS,
    ORDER_STATES,
    PLACEMENTS,
    RESIDUES,
    money,
    optional_timestamp,
    timestamp,
)


def purchase(placed: Placed) -> pb.PurchaseEffect:
    """What a purchase does. A lane that is still to be opened has no id."""
    term, currency = placed.term, placed.term.currency
    return pb.PurchaseEffect(
        placement=PLACEMENTS.wire(term.placement),
        lane_id=placed.decision.lane_id or "",
        segments=timelines.segments(placed.timeline, placed.segments),
        price=money(currency, placed.price),
        credit=money(currency, placed.residues.credit),
        payable=money(currency, placed.payable),
        discarded=money(currency, max(placed.residues.discarded, 0)),
        supersessions=[
            pb.Supersession(
                term_id=item.term_id,
                residue=RESIDUES.wire(item.residue),
                value=money(currency, item.value),
                days=term.length.extra_days,
            )
            for item in term.supersedes
        ],
        moves=[
            timelines.move(placed.timeline, moved)
            for moved in placed.consequences()
            if isinstance(moved, TermMoved)
        ],
    )


def termination(own: Terminated) -> pb.TerminationEffect:
    """What a refund does."""
    found = []
    for cut in own.fact.cuts:
        term = own.timeline.terms[cut.term_id]
        before, after = own.spans(cut)
        found.append(
            pb.Termination(
                term_id=cut.term_id,
                effective_time=timestamp(cut.at),
                refund=money(term.currency, cut.refund),
                before=[timelines.segment(term, span) for span in before],
                after=[timelines.segment(term, span) for span in after],
            )
        )
    return pb.TerminationEffect(
        terminations=found,
        moves=[timelines.move(own.timeline, moved) for moved in own.moves],
        held_back_by_rule_id=own.held_back_by,
        returning_term_ids=own.returning,
    )


def order(own: Order, at: Instant) -> pb.Order:
    """An order, in the state that it has at an instant."""
    return pb.Order(
        order_id=own.order_id,
        member_id=own.member_id,
        sku_id=own.sku_id,
        sku_version=own.sku_version,
        catalog_revision=own.catalog_revision,
        source=own.source,
        acquisition_channel=CHANNELS.wire(own.channel),
        price=money(own.currency, own.price),
        credit=money(own.currency, own.quote.credit),
        payable=money(own.currency, own.payable),
        state=ORDER_STATES.wire(own.state_at(at)),
        created_time=timestamp(own.created),
        expire_time=timestamp(own.expires),
        paid_time=optional_timestamp(own.paid),
        term_id=own.term_id,
        payment_id=own.payment_id,
        cancel_reason=own.cancel_reason,
    )


def check(own: Check) -> pb.RuleCheck:
    return pb.RuleCheck(
        kind=CHECKS.wire(own.kind),
        rule_id=own.name,
        passed=own.passed,
        inputs=own.inputs,
        explanation=own.explanation,
    )
