"""All that was found, with the look-ups that the invariants share; and what breaks one."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from benchmarks.checking.gate import Gate
from benchmarks.checking.rows import Order, Rows
from benchmarks.checking.said import Key, Log, Said


class Violation(NamedTuple):
    """What breaks an invariant, and where to look."""

    invariant: str
    where: str
    """The activity, order, member, request or payment."""
    what: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.where}: {self.what}"


@dataclass(frozen=True)
class Evidence:
    """The stores at rest, and the clients' logs."""

    rows: Rows
    gates: Sequence[Gate]
    log: Log
    watched: frozenset[str] = field(default=frozenset())
    """Activities whose every client wrote a log: an order that no log knows is a finding only there."""

    @cached_property
    def orders_by_key(self) -> Mapping[Key, Sequence[Order]]:
        found: dict[Key, list[Order]] = defaultdict(list)
        for order in self.rows.orders:
            found[order.key].append(order)
        return found

    @cached_property
    def said_by_key(self) -> Mapping[Key, Sequence[Said]]:
        """In the order in which they were sent."""
        found: dict[Key, list[Said]] = defaultdict(list)
        for said in sorted(self.log.said, key=lambda one: one.sent):
            found[said.key].append(said)
        return found

    @cached_property
    def held(self) -> Mapping[str, int]:
        """Units that orders hold, by activity."""
        units: Counter[str] = Counter()
        for order in self.rows.orders:
            units[order.activity] += order.quantity * order.holds
        return units

    @cached_property
    def held_by_tranche(self) -> Mapping[tuple[str, int], int]:
        units: Counter[tuple[str, int]] = Counter()
        for order in self.rows.orders:
            units[order.activity, order.tranche] += order.quantity * order.holds
        return units

    @cached_property
    def held_by_member(self) -> Mapping[tuple[str, str], int]:
        units: Counter[tuple[str, str]] = Counter()
        for order in self.rows.orders:
            units[order.activity, order.member] += order.quantity * order.holds
        return units
