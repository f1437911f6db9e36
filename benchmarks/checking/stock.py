"""Invariants of the stock: I1, I2, I3, I8, and SK-4 with them."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from benchmarks.checking.evidence import Evidence, Violation
from benchmarks.checking.rows import Payment

SOLD_OUT = "SOLD_OUT"
FLAG_SECONDS = 2.0
"""So long after units came back a process may still refuse, by the flag that it keeps."""
_PAYS = frozenset({"APPLIED", "DELIVERED"})
_PAID = frozenset({"PAID", "DELIVERED"})


def i1(evidence: Evidence) -> Iterator[Violation]:
    """Orders never hold more than there is, in total and in each tranche."""
    for activity in evidence.rows.activities:
        held = evidence.held[activity.activity]
        if held > activity.stock:
            yield Violation(
                "I1", f"activity {activity.activity}", f"orders hold {held} of {activity.stock} units"
            )
    for tranche in evidence.rows.tranches:
        held = evidence.held_by_tranche[tranche.activity, tranche.number]
        if held > tranche.stock:
            where = f"activity {tranche.activity}, tranche {tranche.number}"
            yield Violation("I1", where, f"orders hold {held} of {tranche.stock} units")


def i2(evidence: Evidence) -> Iterator[Violation]:
    """Nobody is told "sold out" of units that are there to the end."""
    known: dict[str, float] = {}
    for order in evidence.rows.orders:
        if order.ended is not None and not order.holds:
            known[order.activity] = max(known.get(order.activity, 0.0), order.ended / 1e6 + FLAG_SECONDS)
    for activity in evidence.rows.activities:
        left = activity.stock - evidence.held[activity.activity]
        refused = [
            said
            for said in evidence.log.said
            if said.activity == activity.activity
            and said.reason == SOLD_OUT
            and said.quantity <= left
            and said.sent > known.get(activity.activity, 0.0)
        ]
        if refused:
            last = max(refused, key=lambda said: said.sent)
            what = (
                f"{left} units are left, and {len(refused)} wishes were sold out, last that of {last.member}"
            )
            yield Violation("I2", f"activity {activity.activity}", what)


def i3(evidence: Evidence) -> Iterator[Violation]:
    """No member holds more than his limit, and his counter says what he holds."""
    counted = {(one.activity, one.member): one for one in evidence.rows.members}
    for (activity, member), held in evidence.held_by_member.items():
        row = counted.get((activity, member))
        where = f"activity {activity}, member {member}"
        if row is None:
            if held:
                yield Violation("I3", where, f"holds {held} units and is not counted")
        elif held > row.limit:
            yield Violation("I3", where, f"holds {held} units of at most {row.limit}")
    for key, row in counted.items():
        if row.units != evidence.held_by_member[key]:
            what = f"is counted with {row.units} units and holds {evidence.held_by_member[key]}"
            yield Violation("I3", f"activity {row.activity}, member {row.member}", what)


def i8(evidence: Evidence) -> Iterator[Violation]:
    """The counters are what the orders hold; an order is made, told and paid once."""
    for activity in evidence.rows.activities:
        held = evidence.held[activity.activity]
        if activity.taken != held:
            what = f"counts {activity.taken} units as taken, and orders hold {held}"
            yield Violation("I8", f"activity {activity.activity}", what)
    for tranche in evidence.rows.tranches:
        held = evidence.held_by_tranche[tranche.activity, tranche.number]
        if tranche.taken != held:
            where = f"activity {tranche.activity}, tranche {tranche.number}"
            yield Violation("I8", where, f"counts {tranche.taken} units as taken, and orders hold {held}")
    for key, orders in evidence.orders_by_key.items():
        if len(orders) > 1:
            yield Violation("I8", f"request {'/'.join(key)}", f"made {len(orders)} orders")
    told = {(event.subject, event.type): event.times for event in evidence.rows.events}
    if evidence.rows.events:
        for order in evidence.rows.orders:
            # A payment that came late may have reserved the unit once more.
            late = told.get((order.order, "PaymentLate"), 0)
            if not 1 <= (count := told.get((order.order, "UnitReserved"), 0)) <= 1 + late:
                yield Violation("I8", f"order {order.order}", f"its reservation was told {count} times")
    yield from _payments(evidence)


def _payments(evidence: Evidence) -> Iterator[Violation]:
    """SK-4: every payment ends as exactly one order or one refund."""
    paying: dict[str, list[Payment]] = defaultdict(list)
    for payment in evidence.rows.payments:
        if payment.fate in _PAYS:
            paying[payment.order].append(payment)
    for order in evidence.rows.orders:
        payments = paying.pop(order.order, [])
        wanted = [order.payment] if order.state in _PAID else []
        if [one.payment for one in payments] != wanted:
            names = ", ".join(one.payment for one in payments) or "none"
            what = f"is {order.state} by {order.payment or 'no payment'}, and paid by {names}"
            yield Violation("I8", f"order {order.order}", what)
    for order_id, payments in paying.items():
        yield Violation("I8", f"payment {payments[0].payment}", f"pays {order_id}, which does not exist")
    refunds = Counter(one.order for one in evidence.rows.payments if one.fate == "REFUNDED")
    told = {event.subject: event.times for event in evidence.rows.events if event.type == "RefundDue"}
    for order_id in {*refunds, *told}:
        if refunds[order_id] != told.get(order_id, 0):
            what = f"{refunds[order_id]} payments go back, and {told.get(order_id, 0)} were told of"
            yield Violation("I8", f"order {order_id}", what)
