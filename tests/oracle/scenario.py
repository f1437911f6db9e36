"""The form of a worked example: a catalogue, operations with their expected answers, and where it all lies.

Times are local and of 2026 unless they name a year: `01-31T10` is 10 o'clock on 31 January 2026. Whoever
runs a scenario needs `apply(op)` with `accepted`, `reason` and `detail`, and `lanes(member)`, as the oracle
has them; `told` is what else an answer says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

from tests.oracle.local_time import at

Json = dict[str, Any]
Placed = tuple[str, str, str]
"""A segment: term, start, end."""


class Answer(Protocol):
    """What an operation is answered."""

    @property
    def accepted(self) -> bool: ...
    @property
    def reason(self) -> str: ...
    @property
    def detail(self) -> Mapping[str, Any]: ...


class Subject(Protocol):
    """What a scenario can be run against."""

    def apply(self, op: Mapping[str, Any]) -> Answer: ...
    def lanes(self, member: str) -> Sequence[tuple[int, Sequence[tuple[str, str, int, int]]]]: ...


class Step(NamedTuple):
    """One operation, and the reason for which it is refused, or nothing."""

    op: Json
    reason: str = ""
    told: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Scenario:
    """Lanes are those of member `ann` after all steps, in the order in which they were opened."""

    name: str
    catalog: Json
    steps: tuple[Step, ...]
    lanes: tuple[tuple[Placed, ...], ...]
    zone: str = field(default="Asia/Shanghai")

    def instant(self, text: str) -> int:
        """Microseconds of a local time."""
        return at(text if text[2] != "-" else f"2026-{text}", self.zone)

    def op(self, step: Step) -> Json:
        """The operation with its times as instants."""
        times = {name: self.instant(step.op[name]) for name in ("t", "now", "at", "start") if name in step.op}
        return step.op | times

    def expected(self) -> list[list[tuple[str, int, int]]]:
        """Lanes with their times as instants."""
        return [
            [(term, self.instant(start), self.instant(end)) for term, start, end in lane]
            for lane in self.lanes
        ]


def play(scenario: Scenario, subject: Subject) -> None:
    """Runs it and asserts every answer and the final timeline."""
    for number, step in enumerate(scenario.steps):
        answer = subject.apply(scenario.op(step))
        where = f"{scenario.name}, step {number}: {step.op}"
        assert answer.reason == step.reason, f"{where}: {answer}"
        assert answer.accepted == (not step.reason), where
        assert {name: answer.detail[name] for name in step.told} == step.told, f"{where}: {answer}"
    lanes = [[(term, start, end) for term, _, start, end in segments] for _, segments in subject.lanes("ann")]
    assert lanes == scenario.expected(), scenario.name


# -- Catalogues


def sku(
    sku_id: str, count: int, unit: str, price: int = 0, spu: str = "gold", day_end: bool = False, **more: Any
) -> Json:
    """One SKU; EXACT unless `day_end`."""
    return {
        "sku_id": sku_id,
        "spu_id": spu,
        "title": sku_id,
        "duration": period(count, unit),
        "price": {"currency": "CNY", "amount_minor": price},
        "end_rounding": f"END_ROUNDING_{'END_OF_LOCAL_DAY' if day_end else 'EXACT'}",
        **more,
    }


def period(count: int, unit: str) -> Json:
    return {"count": count, "unit": f"PERIOD_UNIT_{unit}"}


def catalog(
    *skus: Json,
    relations: Mapping[str, str] | None = None,
    rules: Sequence[Json] = (),
    default: str = "RENEW",
    zone: str = "Asia/Shanghai",
    hold: bool = False,
) -> Json:
    """SPUs as the SKUs name them; relations as `{"quarter > year": "UPGRADE_NOW TAIL"}`."""
    spus = [
        {
            "spu_id": spu,
            "title": spu,
            "zone": zone,
            "default_relation": f"RELATION_POLICY_{default}",
            "compaction": f"COMPACTION_{'HOLD' if hold else 'COMPACT'}",
        }
        for spu in sorted({one["spu_id"] for one in skus})
    ]
    rows = [_row(*pair.split(" > "), *what.split()) for pair, what in (relations or {}).items()]
    return {"spus": spus, "skus": list(skus), "relations": rows, "rules": list(rules)}


def _row(held: str, bought: str, policy: str, residue: str = "") -> Json:
    row = {"held_sku_id": held, "bought_sku_id": bought, "policy": f"RELATION_POLICY_{policy}"}
    return row | ({"residue": f"RESIDUE_RULE_{residue}"} if residue else {})


def needs(guarded: str, other: str, mode: str, on_break: str = "BLOCK") -> Json:
    """A prerequisite."""
    return _rule(guarded, other, "PREREQUISITE", mode) | {"on_break": f"ON_BREAK_{on_break}"}


def forbids(guarded: str, other: str, mode: str = "OVERLAPS") -> Json:
    """A conflict."""
    return _rule(guarded, other, "CONFLICT", mode)


def _rule(guarded: str, other: str, kind: str, mode: str) -> Json:
    return {
        "rule_id": f"{guarded}_{kind.lower()}_{other}",
        "sku_id": guarded,
        "kind": f"IDENTITY_RULE_KIND_{kind}",
        "mode": f"IDENTITY_RULE_MODE_{mode}",
        "other_sku_ids": [other],
    }


# -- Steps


def buy(
    term: str, sku_id: str, t: str, reason: str = "", told: Mapping[str, Any] | None = None, **more: Any
) -> Step:
    return Step(
        {"op": "buy", "member": "ann", "sku": sku_id, "term": term, "t": t, **more}, reason, told or {}
    )


def grant(term: str, sku_id: str, now: str, reason: str = "", **more: Any) -> Step:
    return Step({"op": "grant", "member": "ann", "sku": sku_id, "term": term, "now": now, **more}, reason)


def refund(
    term: str,
    at_: str,
    reason: str = "",
    told: Mapping[str, Any] | None = None,
    share: str = "1",
    **more: Any,
) -> Step:
    """Its id is `r-` and the term, unless given."""
    op = {
        "op": "terminate",
        "member": "ann",
        "refund": f"r-{term}",
        "term": term,
        "at": at_,
        "share": Fraction(share),
    }
    return Step(op | more, reason, told or {})


def reinstate(term: str, now: str, reason: str = "") -> Step:
    return Step({"op": "reinstate", "member": "ann", "refund": f"r-{term}", "now": now}, reason)


def change(kind: str, term: str, now: str, reason: str = "", **more: Any) -> Step:
    """A pause, a resumption or an extension."""
    return Step({"op": kind, "member": "ann", "term": term, "now": now, **more}, reason)
