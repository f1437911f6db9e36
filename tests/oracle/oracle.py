"""The naive second implementation of Identity: a list of facts, laid out from zero at every question.

It shares no code with `domain`; property tests compare the two. Reasons are names of `ErrorReason` without
prefix. An operation is a dictionary with its kind under `op`:

    buy        member sku term t [now source channel fingerprints paid order]
    grant      member sku term now [t start source channel fingerprints paid]
    terminate  member refund (term | order) at [now share mode release_trial]
    reinstate  member refund now
    pause      member term now
    resume     member term now
    extend     member term new_term count unit now
    merge      survivor merged now
    catalog    catalog

`t` is the moment for which a term is acquired, `now` the one at which we hear of it, `start` an operator's
pinned start; all in microseconds. `share` is a Fraction, `mode` SHORTEN or KEEP.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from tests.oracle import guards
from tests.oracle.facts import History, Pause, Term
from tests.oracle.layout import lay_out
from tests.oracle.pieces import Layout
from tests.oracle.placing import Placed, Refusal, Wish, place, place_extension
from tests.oracle.refunds import Refund, reinstate, terminate
from tests.oracle.rules import violations

Op = Mapping[str, Any]
Catalog = Mapping[str, Any]
Lanes = list[tuple[int, list[tuple[str, str, int, int]]]]


@dataclass(frozen=True)
class Outcome:
    """Whether an operation was accepted, else why not."""

    accepted: bool
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


class Oracle:
    """All members, by the facts of the operations that were accepted."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.histories: dict[str, History] = {}
        self.merged: dict[str, str] = {}
        self.accepted: dict[tuple[str, str], Op] = {}
        """By kind and id of what happens once: a term, a refund."""
        self.waiting_refunds: dict[str, Op] = {}
        self.orders: dict[str, str] = {}
        self.sequence = 0

    def apply(self, op: Op) -> Outcome:
        """Does it, or says why not and changes nothing."""
        kinds: dict[str, Callable[[Op], Mapping[str, Any]]] = {
            "buy": self._acquire,
            "grant": self._acquire,
            "terminate": self._terminate,
            "reinstate": self._reinstate,
            "pause": self._pause,
            "resume": self._resume,
            "extend": self._extend,
            "merge": self._merge,
            "catalog": self._replace_catalog,
        }
        self.sequence += 2
        try:
            return Outcome(accepted=True, detail=kinds[op["op"]](op))
        except Refusal as refusal:
            return Outcome(accepted=False, reason=refusal.reason, detail=refusal.detail)
        except OverflowError:
            # A dear card converted into days of a cheap one can last longer than calendars do.
            return Outcome(accepted=False, reason="HORIZON_EXCEEDED")

    # -- Questions

    def layout(self, member: str) -> Layout:
        return lay_out(self._history(member))

    def lanes(self, member: str) -> Lanes:
        """Lanes in the order in which they were opened: number, and segments (term, SKU, start, end)."""
        pieces = self.layout(member).pieces
        return [
            (lane, [(one.term.term_id, one.term.card.sku, one.start, one.end) for one in pieces[lane]])
            for lane in sorted(pieces)
        ]

    def identities(self, member: str, at: int) -> list[tuple[int, str]]:
        """Lane and SKU of every segment that contains the instant."""
        return [
            (lane, sku)
            for lane, pieces in self.lanes(member)
            for _, sku, start, end in pieces
            if start <= at < end
        ]

    def started_ended(self, member: str, up_to: int) -> list[tuple[int, str, str, int]]:
        """Lane, SKU, STARTED or ENDED, moment: a SKU that goes on without a gap neither ends nor starts."""
        found = []
        for lane, pieces in self.lanes(member):
            for index, (_, sku, start, end) in enumerate(pieces):
                before = pieces[index - 1] if index else None
                after = pieces[index + 1] if index + 1 < len(pieces) else None
                if before is None or (before[1], before[3]) != (sku, start):
                    found.append((lane, sku, "STARTED", start))
                if after is None or (after[1], after[2]) != (sku, end):
                    found.append((lane, sku, "ENDED", end))
        return sorted((one for one in found if one[3] <= up_to), key=lambda one: (one[3], one[0], one[2]))

    def copy(self) -> "Oracle":
        """The same, to try something on."""
        other = Oracle(self.catalog)
        other.histories, other.merged = dict(self.histories), dict(self.merged)
        other.accepted, other.orders = dict(self.accepted), dict(self.orders)
        other.waiting_refunds, other.sequence = dict(self.waiting_refunds), self.sequence
        return other

    # -- Operations

    def _acquire(self, op: Op) -> Mapping[str, Any]:
        member, repeated = op["member"], self._repeated("term", op["term"], op, _reused(op))
        history = self._history(member)
        if repeated:
            return {}
        now = op.get("now", op.get("t"))
        card = guards.sellable(self.catalog, self.histories, op, now)
        pinned = op.get("start") if op["op"] == "grant" else None
        moment = pinned if pinned is not None else op.get("t", now)
        wish = Wish(op["term"], card, moment, now, pinned, self.sequence)
        guards.refuse_used_trial(self.histories, card, op)
        placed = place(self.catalog, history, wish)
        payable = card.price - (placed.residue.credit if placed.residue else 0)
        paid = op.get("paid", payable if op["op"] == "buy" else 0)
        if op["op"] == "buy" and paid != payable:
            raise Refusal("PAYMENT_AMOUNT_WRONG", expected_minor=payable, paid_minor=paid)
        placed = _changed(placed, paid=paid, fingerprints=tuple(op.get("fingerprints", ())))
        since = moment if op["op"] == "buy" else now
        guards.refuse_collisions(placed.history, "PINNED_START_TAKEN")
        exempt = op["op"] == "grant" and op.get("channel", "OPERATOR") == "OPERATOR"
        if pinned is None and not exempt:
            guards.refuse_beyond_horizon(placed, now)
        guards.refuse_violations(self.catalog, history, placed.history, since)
        self.histories[member] = placed.history
        self.accepted["term", op["term"]] = op
        self.orders[op.get("order", op["term"])] = op["term"]
        waiting = self.waiting_refunds.pop(op.get("order", op["term"]), None)
        if waiting:
            # The payment stands, even if a rule forbids the refund.
            self.apply(waiting)
        return self._told(placed, payable)

    def _told(self, placed: Placed, payable: int) -> Mapping[str, Any]:
        term, brought = placed.term, placed.residue
        return {
            "placement": term.placement,
            "lane": term.lane,
            "payable": payable,
            "credit": brought.credit if brought else 0,
            "discarded": brought.discarded if brought else 0,
            "days": brought.days if brought else 0,
            "microseconds": brought.us if brought else 0,
            "supersedes": [term_id for term_id, _ in term.supersedes],
        }

    def _terminate(self, op: Op) -> Mapping[str, Any]:
        history = self._history(op["member"])
        if self._repeated("refund", op["refund"], op, "REFUND_ID_REUSED"):
            return {}
        if any(
            one["refund"] == op["refund"] and one["order"] != op.get("order")
            for one in self.waiting_refunds.values()
        ):
            raise Refusal("REFUND_ID_REUSED")
        term_id = op.get("term") or self.orders.get(op["order"])
        if term_id is None:
            self.waiting_refunds[op["order"]] = op
            return {"waits_for_payment": True}
        share = Fraction(op.get("share", 1))
        refund = Refund(
            refund_id=op["refund"],
            term=self._term(history, term_id),
            at=op["at"],
            now=op.get("now", op["at"]),
            share=share,
            shortens=op.get("mode", "SHORTEN") == "SHORTEN",
            release_trial=op.get("release_trial", False),
        )
        after = terminate(self.catalog, history, refund)
        guards.refuse_collisions(after, "REFUND_BLOCKED")
        self.histories[op["member"]] = after
        self.accepted["refund", op["refund"]] = op
        facts = after.terminations[len(history.terminations) :]
        return {
            "refunds": [(one.term_id, one.amount) for one in facts],
            "ends": [(one.term_id, one.at) for one in facts],
            "held": any(one.hold for one in facts),
        }

    def _reinstate(self, op: Op) -> Mapping[str, Any]:
        history = self._history(op["member"])
        if all(one.refund_id != op["refund"] for one in history.terminations):
            raise Refusal("REFUND_NOT_FOUND", refund_id=op["refund"])
        if op["refund"] in history.reinstated:
            return {}
        after = reinstate(self.catalog, history, op["refund"], op["now"])
        guards.refuse_collisions(after, "REINSTATEMENT_BLOCKED")
        self.histories[op["member"]] = after
        return {}

    def _pause(self, op: Op) -> Mapping[str, Any]:
        history, now = self._history(op["member"]), op["now"]
        term, layout = self._term(history, op["term"]), self.layout(op["member"])
        lane_waits = any(one.lane == term.lane and one.term_id in layout.waiting for one in history.terms)
        if lane_waits or not any(piece.start <= now < piece.end for piece in layout.of(term.term_id)):
            raise Refusal("TERM_STATE_WRONG", term_id=term.term_id)
        self._commit(op["member"], replace(history, pauses=(*history.pauses, Pause(term.term_id, now))), now)
        return {}

    def _resume(self, op: Op) -> Mapping[str, Any]:
        history = self._history(op["member"])
        term = self._term(history, op["term"])
        paused = [one for one in history.pauses if one.term_id == term.term_id and one.resumed is None]
        if not paused or term.term_id not in self.layout(op["member"]).waiting:
            raise Refusal("TERM_STATE_WRONG", term_id=term.term_id)
        pauses = tuple(replace(one, resumed=op["now"]) if one in paused else one for one in history.pauses)
        self._commit(op["member"], replace(history, pauses=pauses), op["now"])
        return {}

    def _extend(self, op: Op) -> Mapping[str, Any]:
        history, now = self._history(op["member"]), op["now"]
        if self._repeated("term", op["new_term"], op, "CAUSE_USED"):
            return {}
        parent, layout = self._term(history, op["term"]), self.layout(op["member"])
        if parent.term_id not in layout.waiting and not any(
            piece.end > now for piece in layout.of(parent.term_id)
        ):
            raise Refusal("TERM_STATE_WRONG", term_id=parent.term_id)
        placed = place_extension(
            history, parent, op["new_term"], (op["count"], op["unit"]), now, self.sequence
        )
        self._commit(op["member"], placed.history, now)
        self.accepted["term", op["new_term"]] = op
        return {}

    def _merge(self, op: Op) -> Mapping[str, Any]:
        """All terms move, lanes unchanged, numbered behind the survivor's; only conflicts can forbid it."""
        survivor, goes, now = self._history(op["survivor"]), self._history(op["merged"]), op["now"]
        above = max(survivor.lanes(), default=0)
        both = History(
            terms=survivor.terms + tuple(replace(term, lane=above + term.lane) for term in goes.terms),
            terminations=survivor.terminations + goes.terminations,
            reinstated=survivor.reinstated | goes.reinstated,
            pauses=survivor.pauses + goes.pauses,
            thaws=survivor.thaws + goes.thaws,
        )
        known = [
            one
            for history in (survivor, goes)
            for one in violations(self.catalog, history, lay_out(history), now)
        ]
        for one in violations(self.catalog, both, lay_out(both), now):
            if one.kind == "CONFLICT" and one not in known:
                raise Refusal("MERGE_BLOCKED", rule_id=one.rule_id, term_id=one.term_id)
        self.histories[op["survivor"]] = both
        self.histories.pop(op["merged"], None)
        self.merged[op["merged"]] = op["survivor"]
        return {}

    def _replace_catalog(self, op: Op) -> Mapping[str, Any]:
        self.catalog = op["catalog"]
        return {}

    # -- What operations share

    def _commit(self, member: str, after: History, since: int) -> None:
        guards.refuse_collisions(after, "PINNED_START_TAKEN")
        guards.refuse_violations(self.catalog, self._history(member), after, since)
        self.histories[member] = after

    def _repeated(self, kind: str, name: str, op: Op, reason: str) -> bool:
        """Whether this very operation was accepted before."""
        first = self.accepted.get((kind, name))
        if first is not None and dict(first) != dict(op):
            raise Refusal(reason)
        return first is not None

    def _history(self, member: str) -> History:
        if member in self.merged:
            raise Refusal("MEMBER_MERGED", member_id=member, survivor_member_id=self.merged[member])
        return self.histories.get(member, History())

    def _term(self, history: History, term_id: str) -> Term:
        term = history.term(term_id)
        if term is None:
            raise Refusal("TERM_NOT_FOUND", term_id=term_id)
        return term


def _reused(op: Op) -> str:
    """Why a term id cannot come a second time with other content."""
    return "ORDER_PAID_ALREADY" if op["op"] == "buy" else "CAUSE_USED"


def _changed(placed: Placed, **fields: Any) -> Placed:
    """The same with other fields of its term."""
    term = replace(placed.term, **fields)
    return replace(
        placed, term=term, history=replace(placed.history, terms=(*placed.history.terms[:-1], term))
    )
