"""The real rules behind the small interface of the oracle, so that both run the same operations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from google.protobuf import json_format

from domain.identity.catalog import Catalog, Channel
from domain.identity.catalog_check import violations
from domain.identity.catalog_diff import numbered
from domain.identity.commands import change, grant, purchase, refund
from domain.identity.commands.catalog import catalog_of
from domain.identity.laying import flatten
from domain.identity.recording import open_timeline
from domain.identity.terms import Cause, CauseKind, Term
from domain.identity.wanted import Purchase
from domain.shared.doing import Doing
from domain.shared.errors import DomainError
from domain.shared.instants import Period, Unit
from nectary.identity.v1 import catalog_pb2
from servers.identity.wire.catalogs import draft_of
from tests.unit.identity.ports import Memory, memory

Op = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    accepted: bool
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def catalog_from(plain: Mapping[str, Any], before: Catalog | None = None) -> Catalog:
    """A catalogue from the form in which operators write it."""
    message = json_format.ParseDict(dict(plain), catalog_pb2.Catalog())
    draft = draft_of(message)
    assert not violations(draft), violations(draft)
    return numbered(before, catalog_of(draft), {})


class Subject:
    """The domain's use cases over ports in memory."""

    def __init__(self, catalog: Mapping[str, Any]) -> None:
        self.memory: Memory = memory([catalog_from(catalog)])
        self._kinds: Mapping[str, Callable[[Op], Mapping[str, Any]]] = {
            "buy": self._buy,
            "grant": self._grant,
            "terminate": self._terminate,
            "reinstate": self._reinstate,
            "pause": self._pause,
            "resume": self._resume,
            "extend": self._extend,
            "merge": self._merge,
            "catalog": self._catalog,
        }

    def apply(self, op: Op) -> Answer:
        try:
            return Answer(accepted=True, detail=self._kinds[op["op"]](op))
        except DomainError as refusal:
            return Answer(accepted=False, reason=refusal.reason, detail=refusal.metadata)

    def lanes(self, member: str) -> list[tuple[int, list[tuple[str, str, int, int]]]]:
        """Lanes in the order in which they were opened."""
        timeline = self.memory.timelines.get(member)
        layout = flatten(timeline)
        return [
            (number, [(item.term_id, item.sku_id, item.start, item.end) for item in lane.segments])
            for number, lane in enumerate(layout.lanes.values(), start=1)
        ]

    def _doing(self, now: int) -> Doing:
        return Doing("test", "", now)

    def _buy(self, op: Op) -> Mapping[str, Any]:
        now, term_id = op.get("now", op["t"]), op["term"]
        ports, order_id = self.memory.ports, op.get("order", term_id)
        wanted = Purchase(
            op["member"],
            op["sku"],
            op.get("source", "shop"),
            Channel(op.get("channel", "APP_PURCHASE")),
            tuple(op.get("fingerprints", ())),
        )
        if order_id not in self.memory.orders.rows:
            purchase.create_order(purchase.CreateOrder(wanted, order_id), ports, self._doing(op["t"]))
        order = self.memory.orders.rows[order_id]
        payment = purchase.ConfirmPayment(
            order_id,
            f"pay-{order_id}-{op.get('paid', order.payable)}",
            op.get("paid", order.payable),
            order.currency,
            op["t"],
            term_id,
        )
        try:
            purchase.confirm_payment(payment, ports, self._doing(now))
        except DomainError:
            self.memory.orders.rows.pop(order_id)
            raise
        return self._told(op["member"], term_id, order.payable, order.quote.credit)

    def _grant(self, op: Op) -> Mapping[str, Any]:
        now = op["now"]
        command = grant.GrantTerm(
            member_id=op["member"],
            sku_id=op["sku"],
            source=op.get("source", "shop"),
            channel=Channel(op.get("channel", "OPERATOR")),
            cause=Cause(CauseKind.OPERATOR, op["term"]),
            term_id=op["term"],
            pinned=op.get("start"),
            at=op.get("t") if op.get("start") is None else None,
            fingerprints=tuple(op.get("fingerprints", ())),
            paid=op.get("paid", 0),
        )
        grant.grant_term(command, self.memory.ports, self._doing(now))
        return self._told(op["member"], op["term"], 0, 0)

    def _told(self, member: str, term_id: str, payable: int, credit: int) -> Mapping[str, Any]:
        term = self._term(member, term_id)
        return {
            "placement": term.placement.value,
            "payable": payable,
            "credit": credit,
            "discarded": sum(item.discarded for item in term.supersedes),
            "days": term.length.extra_days,
            "microseconds": term.length.extra_us,
            "supersedes": [item.term_id for item in term.supersedes],
        }

    def _terminate(self, op: Op) -> Mapping[str, Any]:
        command = refund.TerminateTerm(
            member_id=op["member"],
            refund_id=op["refund"],
            term_id=op.get("term", ""),
            order_id=op.get("order", ""),
            at=op["at"],
            share=Fraction(op.get("share", 1)),
            keep_time=op.get("mode", "SHORTEN") == "KEEP",
            release_trial=op.get("release_trial", False),
        )
        if command.order_id and command.order_id not in self.memory.orders.rows:
            # An order that is not made yet stands for one that is not paid yet.
            timeline = self.memory.timelines.get(command.member_id)
            refund._wait(command, timeline, self.memory.ports, self._doing(op["at"]))
            return {"waits_for_payment": True}
        done = refund.terminate_term(command, self.memory.ports, self._doing(op.get("now", op["at"])))
        cuts = done.terminated.fact.cuts if done.terminated else ()
        return {
            "refunds": [(cut.term_id, cut.refund) for cut in cuts],
            "held": any(cut.hold for cut in cuts),
        }

    def _reinstate(self, op: Op) -> Mapping[str, Any]:
        command = refund.ReinstateTerm(op["member"], op["refund"])
        refund.reinstate_term(command, self.memory.ports, self._doing(op["now"]))
        return {}

    def _pause(self, op: Op) -> Mapping[str, Any]:
        change.pause_term(
            change.PauseTerm(op["member"], op["term"]), self.memory.ports, self._doing(op["now"])
        )
        return {}

    def _resume(self, op: Op) -> Mapping[str, Any]:
        change.resume_term(
            change.ResumeTerm(op["member"], op["term"]), self.memory.ports, self._doing(op["now"])
        )
        return {}

    def _extend(self, op: Op) -> Mapping[str, Any]:
        by = Period(op["count"], Unit(op["unit"]))
        command = change.ExtendTerm(op["member"], op["term"], by, op["new_term"])
        change.extend_term(command, self.memory.ports, self._doing(op["now"]))
        return {}

    def _merge(self, op: Op) -> Mapping[str, Any]:
        command = change.MergeMembers(op["survivor"], op["merged"])
        change.merge_members(command, self.memory.ports, self._doing(op["now"]))
        return {}

    def _catalog(self, op: Op) -> Mapping[str, Any]:
        self.memory.catalogs.revisions.append(catalog_from(op["catalog"], self.memory.catalogs.latest()))
        return {}

    def _term(self, member: str, term_id: str) -> Term:
        timeline, _ = open_timeline(self.memory.timelines, member)
        return timeline.terms[term_id]
