"""Prerequisites and conflicts: semantics 2.1 "Prerequisite / conflict" and its settled readings; R15."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.oracle.facts import History, Term, plain
from tests.oracle.pieces import Layout, Piece


class Violation(NamedTuple):
    """A rule that does not hold, for a term that it guards and, of a conflict, the other term."""

    rule_id: str
    kind: str
    term_id: str
    other_id: str


Rule = Mapping[str, Any]


def mode_of(rule: Rule) -> str:
    return plain(rule["mode"], "IDENTITY_RULE_MODE_", "")


def kind_of(rule: Rule) -> str:
    return plain(rule["kind"], "IDENTITY_RULE_KIND_", "")


def on_break(rule: Rule) -> str:
    return plain(rule.get("on_break"), "ON_BREAK_", "BLOCK")


def violations(catalog: Mapping[str, Any], history: History, layout: Layout, since: int) -> list[Violation]:
    """Everything that is wrong from `since` on, in the catalogue's order of rules."""
    found = []
    for rule in catalog.get("rules", ()):
        guarded = [term for term in history.terms if term.card.sku == rule["sku_id"]]
        others = [term for term in history.terms if term.card.sku in rule["other_sku_ids"]]
        if kind_of(rule) == "PREREQUISITE":
            missing = [term for term in guarded if not _has(rule, history, layout, term, others, since)]
            found += [Violation(rule["rule_id"], "PREREQUISITE", term.term_id, "") for term in missing]
        else:
            pairs = [
                (one, two)
                for one in guarded
                for two in others
                if _clash(rule, history, layout, one, two, since)
            ]
            found += [Violation(rule["rule_id"], "CONFLICT", one.term_id, two.term_id) for one, two in pairs]
    return found


def _has(rule: Rule, history: History, layout: Layout, term: Term, others: list[Term], since: int) -> bool:
    """Whether a term has what it needs."""
    pieces = layout.of(term.term_id)
    held = [piece for other in others for piece in layout.of(other.term_id)]
    if mode_of(rule) == "EVER_BOUGHT":
        bought = any(
            other.moment <= term.moment and counts_as_bought(history, layout, other) for other in others
        )
        return bought or not any(piece.end > since for piece in pieces)
    if mode_of(rule) == "ACTIVE_AT_START":
        starts = [piece.start for piece in pieces[:1] if piece.start >= since]
        return all(any(one.start <= start < one.end for one in held) for start in starts)
    return next(uncovered(pieces, held, since), None) is None


def uncovered(pieces: list[Piece], held: list[Piece], since: int) -> Iterator[int]:
    """The first instant of each piece, from `since` on, at which nothing is held."""
    for piece in pieces:
        instant = max(piece.start, since)
        while covering := [one.end for one in held if one.start <= instant < one.end]:
            instant = max(covering)
        if instant < piece.end:
            yield instant


def _clash(rule: Rule, history: History, layout: Layout, one: Term, two: Term, since: int) -> bool:
    if one.term_id == two.term_id:
        return False
    if mode_of(rule) == "EVER_BOUGHT":
        return counts_as_bought(history, layout, one) and counts_as_bought(history, layout, two)
    return any(
        max(a.start, b.start, since) < min(a.end, b.end)
        for a in layout.of(one.term_id)
        for b in layout.of(two.term_id)
    )


def counts_as_bought(history: History, layout: Layout, term: Term) -> bool:
    """Unless its refunds return the whole price; what cost nothing, unless it was ended before it began."""
    if term.paid:
        return history.refunded(term.term_id) < term.paid
    ended = any(one.full for one in history.terminations_of(term.term_id))
    return not ended or bool(layout.of(term.term_id))
