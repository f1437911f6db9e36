"""Refunds and reversals: semantics 2.1 "Refund of any term", settled readings; R1, R3, R16, R17."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from tests.oracle.facts import History, Term, Termination, plain, spu_of
from tests.oracle.layout import lay_out
from tests.oracle.money import refund_amount
from tests.oracle.pieces import Layout
from tests.oracle.placing import Refusal
from tests.oracle.rules import Violation, mode_of, on_break, uncovered, violations


@dataclass(frozen=True)
class Refund:
    """What is asked for."""

    refund_id: str
    term: Term
    at: int
    now: int
    share: Fraction
    shortens: bool
    release_trial: bool


def terminate(catalog: Mapping[str, Any], history: History, refund: Refund) -> History:
    """The history with the refund in it, and with those that it cascades to. Raises Refusal."""
    known = violations(catalog, history, lay_out(history), refund.now)
    after = _with(catalog, history, refund, known)
    while new := [one for one in violations(catalog, after, lay_out(after), refund.now) if one not in known]:
        breaks = {one: _rule(catalog, one.rule_id) for one in new}
        for one, rule in breaks.items():
            if one.kind == "CONFLICT" or on_break(rule) == "BLOCK":
                raise Refusal("REFUND_BLOCKED", rule_id=one.rule_id, term_id=one.term_id)
        cascading = [one for one, rule in breaks.items() if on_break(rule) == "CASCADE"]
        known = known + [one for one in new if one not in cascading]
        if cascading:
            after = _cascade(catalog, after, refund, cascading[0], known)
    return after


def _cascade(
    catalog: Mapping[str, Any], history: History, refund: Refund, broken: Violation, known: list[Violation]
) -> History:
    """R16: the dependent ends where its prerequisite now does."""
    dependent, rule, layout = history.term(broken.term_id), _rule(catalog, broken.rule_id), lay_out(history)
    assert dependent is not None
    at = refund.at
    if mode_of(rule) == "COVERS_INTERVAL":
        held = [piece for piece in layout.all() if piece.term.card.sku in rule["other_sku_ids"]]
        at = min(uncovered(layout.of(dependent.term_id), held, refund.at))
    whole = replace(refund, term=dependent, at=at, share=Fraction(1), shortens=True)
    return _with(catalog, history, whole, known)


def _with(catalog: Mapping[str, Any], history: History, refund: Refund, known: list[Violation]) -> History:
    """Later terms close up, unless the SPU holds them or closing up would break what staying would not."""
    term, layout = refund.term, lay_out(history)
    fact = Termination(
        refund_id=refund.refund_id,
        term_id=term.term_id,
        at=refund.at,
        share=refund.share,
        shortens=refund.shortens,
        hold=False,
        amount=refund_amount(history, layout, term, refund.at, refund.share),
        release_trial=refund.release_trial,
    )
    closing = replace(history, terminations=(*history.terminations, fact))
    staying = replace(history, terminations=(*history.terminations, replace(fact, hold=True)))
    if plain(spu_of(catalog, term.card.spu).get("compaction"), "COMPACTION_", "COMPACT") == "HOLD":
        return staying
    by_closing = violations(catalog, closing, lay_out(closing), refund.now)
    by_staying = violations(catalog, staying, lay_out(staying), refund.now)
    return staying if any(one not in by_staying and one not in known for one in by_closing) else closing


def reinstate(catalog: Mapping[str, Any], history: History, refund_id: str, now: int) -> History:
    """As if the refund had never been. Raises Refusal if that breaks a rule or moves what has begun."""
    before = lay_out(history)
    undone = replace(history, reinstated=history.reinstated | {refund_id})
    after = lay_out(undone)
    known = violations(catalog, history, before, now)
    for one in violations(catalog, undone, after, now):
        if one not in known:
            raise Refusal("REINSTATEMENT_BLOCKED", rule_id=one.rule_id, term_id=one.term_id)
    own = {one.term_id for one in history.terminations if one.refund_id == refund_id}
    for term in history.terms:
        lived = _lived(after, term.term_id, now)
        if term.term_id not in own and any(part not in lived for part in _lived(before, term.term_id, now)):
            raise Refusal("REINSTATEMENT_BLOCKED", term_id=term.term_id)
    return undone


def _lived(layout: Layout, term_id: str, now: int) -> list[tuple[int, int]]:
    """What of a term lies before now."""
    return [(piece.start, min(piece.end, now)) for piece in layout.of(term_id) if piece.start < now]


def _rule(catalog: Mapping[str, Any], rule_id: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in catalog["rules"] if one["rule_id"] == rule_id)
    return found
