"""One subject's history, and what the model and the exact log make of it."""

from dataclasses import dataclass, field

from domain.risk.reckoning import Reckoning
from domain.risk.verbs import Verb, applied
from domain.risk.window import EMPTY, Window
from tests.limiting.exact_log import ExactLog, complaints
from tests.limiting.histories import LONGEST_MS, History, Step


@dataclass
class Subject:
    """One history and what three bookkeepers make of it."""

    name: str
    kind: str
    history: History
    step: Step
    windows: dict[int, Window] = field(default_factory=dict)
    logs: dict[int, ExactLog] = field(default_factory=dict)
    shapes: dict[int, tuple[int, int, bool]] = field(default_factory=dict)

    def model(self) -> Reckoning:
        """The model's reckoning of the step, which it takes."""
        step = self.step
        before = [self.windows.get(limit.rule_id, EMPTY) for limit in step.limits]
        reckoning, after = applied(step.verb, step.limits, before, step.cost, step.now, step.at)
        self.windows |= {limit.rule_id: window for limit, window in zip(step.limits, after, strict=True)}
        return reckoning

    def judge(self, reckoning: Reckoning) -> list[str]:
        """What the exact log says against it, which it then writes down."""
        step = self.step
        self._note_changes()
        logs = [self.logs.setdefault(limit.rule_id, ExactLog()) for limit in step.limits]
        refuses = step.verb in {Verb.DECIDE, Verb.CHECK, Verb.DRAIN}
        found = (
            complaints(logs, step.limits, step.cost, step.now, reckoning.admitted, LONGEST_MS)
            if refuses
            else []
        )
        for index, (log, limit) in enumerate(zip(logs, step.limits, strict=True)):
            if step.verb is Verb.REFUND:
                log.refund(limit, step.cost, step.at, step.now)
            elif step.verb is Verb.RESET:
                log.admissions.clear()
            else:
                log.admit(_units(step.verb, reckoning, index), step.now, LONGEST_MS)
        return found

    def _note_changes(self) -> None:
        for limit in self.step.limits:
            shape = (limit.window_ms, limit.buckets, limit.is_exact)
            before = self.shapes.setdefault(limit.rule_id, shape)
            if before != shape:
                self.shapes[limit.rule_id] = shape
                self.logs[limit.rule_id].change(before[0], self.step.now)


def _units(verb: Verb, reckoning: Reckoning, index: int) -> int:
    if verb is Verb.SPEND or (reckoning.admitted and verb in {Verb.DECIDE, Verb.DRAIN}):
        return reckoning.cost
    if verb is Verb.DRAIN and reckoning.waits_ms[index]:
        return max(reckoning.limits[index].units - reckoning.used[index], 0)
    return 0
