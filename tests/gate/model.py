"""The pure model, step by step."""

from dataclasses import dataclass, field

from domain.seckill.gate import Answer, Claim, Key, OrderFact, Verdict
from domain.seckill.gate_model import Gate
from domain.shared.instants import Instant
from tests.gate.histories import Batch, Begin, Drop, Look, Open, Push, Reshape, Step, Thing, Wipe

Said = list[Answer] | bool | None


@dataclass
class Modelled:
    """A gate of the model, and the stamps that its claims were answered with."""

    ahead: int = 0
    gate: Gate = field(default_factory=Gate)
    stamps: dict[Key, int] = field(default_factory=dict)

    def do(self, step: Step, real: Instant) -> Said:
        gate = self.gate
        if isinstance(step, Begin):
            return gate.begin(step.owner, real)
        if isinstance(step, Push):
            pushed = [gate.push(step.owner, order, real) for order in step.orders]
            return all(pushed)
        if isinstance(step, Open):
            return gate.open(step.owner, step.shape)
        if isinstance(step, Reshape):
            return gate.reshape(step.shape)
        if isinstance(step, Wipe):
            self.gate = Gate()
            return None
        return self._batch(step, real)

    def _batch(self, step: Batch, real: Instant) -> list[Answer]:
        # A batch is told its stamps before it begins, as a process is.
        stamps = dict(self.stamps)
        answers = [self._thing(thing, real, stamps) for thing in step.things]
        for thing, answer in zip(step.things, answers, strict=True):
            if isinstance(thing, Claim) and answer.verdict in {Verdict.CLAIMED, Verdict.OPEN}:
                self.stamps[thing.member_id, thing.request_id] = answer.stamp
        return answers

    def _thing(self, thing: Thing, real: Instant, stamps: dict[Key, int]) -> Answer:
        if isinstance(thing, Claim):
            return self.gate.claim(thing, real, real + self.ahead)
        if isinstance(thing, OrderFact):
            return self.gate.settle(thing)
        if isinstance(thing, Drop):
            return self.gate.drop(thing.member_id, thing.request_id, stamp_of(thing, stamps))
        assert isinstance(thing, Look)
        return self.gate.look(thing.member_id, thing.request_id)


def stamp_of(thing: Drop, stamps: dict[Key, int]) -> int:
    return stamps.get((thing.member_id, thing.request_id), 0) if thing.of_last_claim else 0
