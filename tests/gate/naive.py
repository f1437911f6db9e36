"""The gate once more, so simple that it can be read through: a list of rows, and everything counted anew.

It keeps no counter: what is left is the stock less the rows. It knows nothing of generations.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.seckill.gate import Answer, Claim, OrderFact, Shape, Verdict
from domain.shared.instants import SECOND, Instant
from tests.gate.histories import Batch, Begin, Drop, Look, Open, Push, Reshape, Step, Thing, Wipe
from tests.gate.model import Said


@dataclass
class Row:
    name: tuple[str, str]
    tranche: int
    units: int
    stamp: int
    """0: held."""


@dataclass
class NaiveGate:
    state: str = "missing"
    loader: tuple[str, Instant] = ("", 0)
    shape: Shape | None = None
    rows: list[Row] = field(default_factory=list)
    ever: list[tuple[str, str]] = field(default_factory=list)
    stamps: dict[tuple[str, str], int] = field(default_factory=dict)

    def do(self, step: Step, real: Instant) -> Said:
        match step:
            case Begin(owner):
                return self._begin(owner, real)
            case Push(owner, orders):
                return self._loads(owner) and self._push(owner, orders, real)
            case Open(owner, shape):
                return self._loads(owner) and self._open(shape)
            case Reshape(shape):
                return self.state != "missing" and self._learn(shape)
            case Batch(things):
                known = dict(self.stamps)
                return [self._thing(thing, real, known) for thing in things]
            case Wipe():
                self.state, self.shape, self.rows, self.ever = "missing", None, [], []
                return None

    def _begin(self, owner: str, real: Instant) -> bool:
        is_silent = real - self.loader[1] > 2 * SECOND
        if self.state == "open" or (self.state == "loading" and owner != self.loader[0] and not is_silent):
            return False
        self.state, self.loader = "loading", (owner, real)
        return True

    def _loads(self, owner: str) -> bool:
        return self.state == "loading" and owner == self.loader[0]

    def _push(self, owner: str, orders: Sequence[OrderFact], real: Instant) -> bool:
        self.loader = (owner, real)
        for order in orders:
            self._settle(order)
        return True

    def _open(self, shape: Shape) -> bool:
        self.state = "open"
        return self._learn(shape)

    def left(self, number: int) -> int:
        stock = self.shape.parts[number - 1].stock if self.shape and number <= len(self.shape.parts) else 0
        return stock - sum(row.units for row in self.rows if row.tranche == number)

    def _learn(self, shape: Shape) -> bool:
        if self.shape is None or shape.revision >= self.shape.revision:
            self.shape = shape
        return True

    def _thing(self, thing: Thing, real: Instant, known: dict[tuple[str, str], int]) -> Answer:
        if self.state == "missing":
            return Answer(Verdict.MISSING)
        row = self._row((thing.member_id, thing.request_id))
        match thing:
            case Claim():
                answer = self._claim(thing, row, real) if self.state == "open" else Answer(Verdict.MISSING)
                if answer.verdict in {Verdict.CLAIMED, Verdict.OPEN}:
                    self.stamps[thing.member_id, thing.request_id] = real
                return answer
            case OrderFact():
                return self._settle(thing)
            case Drop(_, _, of_last_claim):
                stamp = known.get((thing.member_id, thing.request_id), 0) if of_last_claim else 0
                answer = _seen(row)
                if row and (not stamp or stamp == row.stamp):
                    self.rows.remove(row)
                return answer
            case Look():
                return _seen(row)

    def _claim(self, claim: Claim, row: Row | None, real: Instant) -> Answer:
        if row:
            if row.stamp:
                row.stamp = real
            return _seen(row)
        name = (claim.member_id, claim.request_id)
        refusal, numbers = self._why_not(claim, real), []
        if refusal is None:
            numbers = [number for number in self._open_to(claim, real) if self.left(number) >= claim.units]
            refusal = Verdict.SOLD_OUT
        if not numbers:
            return Answer(Verdict.KNOWN if name in self.ever else refusal)
        self.rows.append(Row(name, numbers[0], claim.units, real))
        self.ever.append(name)
        return Answer(Verdict.CLAIMED, numbers[0], claim.units, real)

    def _why_not(self, claim: Claim, now: Instant) -> Verdict | None:
        shape = self.shape
        assert shape is not None
        his = sum(row.units for row in self.rows if row.name[0] == claim.member_id)
        if now < shape.opens:
            return Verdict.NOT_OPEN
        if now >= shape.closes:
            return Verdict.CLOSED
        if his + claim.units > shape.member_limit:
            return Verdict.MEMBER_LIMIT
        return None if self._open_to(claim, now) else Verdict.NOT_ELIGIBLE

    def _open_to(self, claim: Claim, now: Instant) -> list[int]:
        assert self.shape is not None
        return [
            number
            for number, part in enumerate(self.shape.parts, start=1)
            if bin(claim.mask)[2:].zfill(8)[-number] == "1"
            or (part.release is not None and part.release <= now)
        ]

    def _settle(self, order: OrderFact) -> Answer:
        name = (order.member_id, order.request_id)
        row = self._row(name)
        answer = _seen(row)
        self.ever.append(name)
        if order.units:
            self.rows = [other for other in self.rows if other is not row]
            self.rows.append(Row(name, order.tranche, order.units, 0))
        return answer

    def _row(self, name: tuple[str, str]) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)


def _seen(row: Row | None) -> Answer:
    if row is None:
        return Answer(Verdict.ABSENT)
    return Answer(Verdict.OPEN if row.stamp else Verdict.HELD, row.tranche, row.units, row.stamp)
