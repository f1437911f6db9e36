"""The gate's invariant, I6: it gives out what the database has left, and every claim becomes an order."""

from collections import Counter
from collections.abc import Iterator

from benchmarks.checking.evidence import Evidence, Violation
from benchmarks.checking.gate import Gate, Record
from benchmarks.checking.rows import Order


def i6(evidence: Evidence) -> Iterator[Violation]:
    """At rest. A gate that is being loaded or is not there refuses nobody, and is none to be compared."""
    for gate in evidence.gates:
        if gate.state == "OPEN":
            yield from _counters(gate, evidence)
            yield from _records(gate, evidence)


def _counters(gate: Gate, evidence: Evidence) -> Iterator[Violation]:
    stock = {one.number: one.stock for one in evidence.rows.tranches if one.activity == gate.activity}
    aside: Counter[int] = Counter()
    units: Counter[str] = Counter()
    for record in gate.records:
        aside[record.tranche] += record.units
        units[record.member] += record.units
    for number in {*gate.stock, *stock}:
        where = f"gate {gate.activity}, tranche {number}"
        if gate.stock.get(number) != stock.get(number):
            yield Violation("I6", where, f"has a stock of {gate.stock.get(number)}, not {stock.get(number)}")
        elif gate.left[number] != stock[number] - aside[number]:
            what = f"has {gate.left[number]} left of {stock[number]}, and records of {aside[number]}"
            yield Violation("I6", where, what)
    for member in {*units, *gate.members}:
        if units[member] != gate.members.get(member, 0):
            what = f"counts {gate.members.get(member, 0)} units, and records say {units[member]}"
            yield Violation("I6", f"gate {gate.activity}, member {member}", what)


def _records(gate: Gate, evidence: Evidence) -> Iterator[Violation]:
    records = {(record.member, record.request): record for record in gate.records}
    orders = {
        (order.member, order.request): order
        for order in evidence.rows.orders
        if order.activity == gate.activity and order.holds
    }
    for name in {*records, *orders}:
        what = _difference(records.get(name), orders.get(name))
        if what:
            yield Violation("I6", f"gate {gate.activity}, request {'/'.join(name)}", what)


def _difference(record: Record | None, order: Order | None) -> str:
    if record is None:
        return f"knows nothing of order {order.order}" if order else ""
    if order is None:
        kind = "a claim" if record.is_open else "an order"
        return f"sets {record.units} units aside for {kind} behind which nothing stands"
    if record.is_open:
        return f"still waits for the word on order {order.order}"
    if (record.tranche, record.units) != (order.tranche, order.quantity):
        there = f"{order.quantity} of tranche {order.tranche}"
        return f"sets {record.units} of tranche {record.tranche} aside, and the order has {there}"
    return ""
