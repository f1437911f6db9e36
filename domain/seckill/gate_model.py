"""What the gate does, as a model: the scripts of `servers/seckill/gate/lua` are held against it step by step.

A unit that is set aside for one request is a record: *open* while no order is known for it, *held* when one
stands behind it. In each tranche, after every step,

    left + units of all records = stock

so the gate is mended record by record and never by counting: each step may be done again, in any order,
during a sale. `left` falls below zero when orders turn up that the gate had not known.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from domain.seckill.gate import (
    MOST_TRANCHES,
    Answer,
    Claim,
    Key,
    OrderFact,
    Shape,
    Verdict,
    released,
)
from domain.shared.instants import SECOND, Instant

LOADER_SILENT = 2 * SECOND
"""A loader that has done nothing for so long is dead, and another may go on."""
NO_SHAPE = Shape(0, 0, 0, 0, ())


class GateState(StrEnum):
    """Whether there is a gate."""

    MISSING = "MISSING"
    LOADING = "LOADING"
    """It hears of orders, and lets nobody claim."""
    OPEN = "OPEN"


@dataclass(slots=True)
class Record:
    """Units that are set aside."""

    tranche: int
    units: int
    stamp: int | None
    """None: held."""

    def seen(self) -> Answer:
        if self.stamp is None:
            return Answer(Verdict.HELD, self.tranche, self.units)
        return Answer(Verdict.OPEN, self.tranche, self.units, self.stamp)


@dataclass(slots=True)
class Gate:
    """One activity's gate. `real` is the server's time, `now` that of the business; they differ in tests."""

    state: GateState = GateState.MISSING
    generation: int = 0
    """Grows whenever there may be more to have than before; another gate has a greater one."""
    owner: str = ""
    since: Instant = 0
    """When the loader last did something."""
    shape: Shape = NO_SHAPE
    left: dict[int, int] = field(default_factory=dict)
    records: dict[Key, Record] = field(default_factory=dict)
    known: set[Key] = field(default_factory=set)
    """Requests that were ever set aside for, or ordered. The scripts keep a filter, which errs by a yes."""

    def begin(self, owner: str, real: Instant) -> bool:
        """Whether `owner` loads it now. An open gate is not loaded, nor one that another is loading."""
        if self.state is GateState.MISSING:
            self.state, self.generation = GateState.LOADING, max(self.generation + 1, real)
        elif self.state is GateState.OPEN or (owner != self.owner and real - self.since <= LOADER_SILENT):
            return False
        self.owner, self.since = owner, real
        return True

    def push(self, owner: str, order: OrderFact, real: Instant) -> bool:
        """Whether it was `owner` who loads, and so the order was taken in."""
        if self.state is not GateState.LOADING or owner != self.owner:
            return False
        self.since = real
        self.settle(order)
        return True

    def open(self, owner: str, shape: Shape) -> bool:
        """Ends the loading. False if another loads it by now."""
        if self.state is not GateState.LOADING or owner != self.owner:
            return False
        self.state = GateState.OPEN
        self._take_shape(shape)
        return True

    def reshape(self, shape: Shape) -> bool:
        """Whether there is a gate that knows the activity so, or as it is still later."""
        if self.state is GateState.MISSING:
            return False
        self._take_shape(shape)
        return True

    def claim(self, claim: Claim, real: Instant, now: Instant) -> Answer:
        """Sets units aside, or says why not. A repeat gets what it has."""
        if self.state is not GateState.OPEN:
            return Answer(Verdict.MISSING)
        key = (claim.member_id, claim.request_id)
        if record := self.records.get(key):
            if record.stamp is not None:
                record.stamp = real
            return record.seen()
        tranche, refusal = self._choose(claim, now)
        if tranche == 0:
            return Answer(Verdict.KNOWN if key in self.known else refusal)
        self._put(key, Record(tranche, claim.units, real))
        return Answer(Verdict.CLAIMED, tranche, claim.units, real)

    def settle(self, order: OrderFact) -> Answer:
        """Makes the order's record held, with its units, whatever it was before."""
        if self.state is GateState.MISSING:
            return Answer(Verdict.MISSING)
        key = (order.member_id, order.request_id)
        before = self.look(*key)
        self.known.add(key)
        if order.units and (before.tranche, before.units) != (order.tranche, order.units):
            self._remove(key)
            self._put(key, Record(order.tranche, order.units, None))
        elif order.units:
            self.records[key].stamp = None
        return before

    def drop(self, member_id: str, request_id: str, stamp: int = 0) -> Answer:
        """Gives the units back. With a stamp only if that attempt was the last to claim, and has no order."""
        if self.state is GateState.MISSING:
            return Answer(Verdict.MISSING)
        before = self.look(member_id, request_id)
        if before.verdict is not Verdict.ABSENT and stamp in (0, before.stamp):
            self._remove((member_id, request_id))
        return before

    def look(self, member_id: str, request_id: str) -> Answer:
        """The record as it is."""
        if self.state is GateState.MISSING:
            return Answer(Verdict.MISSING)
        record = self.records.get((member_id, request_id))
        return record.seen() if record else Answer(Verdict.ABSENT)

    def units_of(self, member_id: str) -> int:
        """What is set aside for a member."""
        return sum(record.units for key, record in self.records.items() if key[0] == member_id)

    def _choose(self, claim: Claim, now: Instant) -> tuple[int, Verdict]:
        """The first tranche that is open to the member and has the units; 0 and a refusal if none has."""
        shape = self.shape
        if now < shape.opens:
            return 0, Verdict.NOT_OPEN
        if now >= shape.closes:
            return 0, Verdict.CLOSED
        if self.units_of(claim.member_id) + claim.units > shape.member_limit:
            return 0, Verdict.MEMBER_LIMIT
        mask = claim.mask | released(shape, now)
        open_to_him = [number for number in range(1, len(shape.parts) + 1) if mask >> (number - 1) & 1]
        for number in open_to_him:
            if self.left[number] >= claim.units:
                return number, Verdict.CLAIMED
        return 0, Verdict.SOLD_OUT if open_to_him else Verdict.NOT_ELIGIBLE

    def _take_shape(self, shape: Shape) -> None:
        if shape.revision < self.shape.revision:
            return
        for number in range(1, MOST_TRANCHES + 1):
            more = _stock_of(shape, number) - _stock_of(self.shape, number)
            self.left[number] = self.left.get(number, 0) + more
        self.shape = shape
        self.generation += 1

    def _put(self, key: Key, record: Record) -> None:
        self.records[key] = record
        self.known.add(key)
        self.left[record.tranche] = self.left.get(record.tranche, 0) - record.units

    def _remove(self, key: Key) -> None:
        record = self.records.pop(key, None)
        if record is not None:
            self.left[record.tranche] += record.units
            self.generation += 1


def _stock_of(shape: Shape, number: int) -> int:
    return shape.parts[number - 1].stock if number <= len(shape.parts) else 0
