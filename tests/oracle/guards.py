"""What is refused before or after a term is placed: sale, source, trial, collisions, horizon, rules."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from tests.oracle.facts import Card, History, card_of
from tests.oracle.layout import lay_out
from tests.oracle.local_time import add, day_of
from tests.oracle.placing import Placed, Refusal
from tests.oracle.rules import violations

Catalog = Mapping[str, Any]
Histories = Mapping[str, History]
Op = Mapping[str, Any]


def sellable(catalog: Catalog, histories: Histories, op: Op, now: int) -> Card:
    """The card, if it is sold at that moment, from there, in that way."""
    card, moment = card_of(catalog, op["sku"]), op.get("t", now)
    if card is None:
        known = any(term.card.sku == op["sku"] for history in histories.values() for term in history.terms)
        raise Refusal("SKU_NOT_ON_SALE" if known else "SKU_NOT_FOUND", sku_id=op["sku"])
    opens, closes = card.on_sale
    if (opens is not None and moment < opens) or (closes is not None and moment >= closes):
        raise Refusal("SKU_NOT_ON_SALE", sku_id=card.sku)
    channel = op.get("channel", "APP_PURCHASE" if op["op"] == "buy" else "OPERATOR")
    source_allowed = not card.sources or op.get("source", "shop") in card.sources
    if not source_allowed or (card.channels and channel not in card.channels):
        raise Refusal("SOURCE_NOT_ALLOWED", sku_id=card.sku)
    return card


def refuse_used_trial(histories: Histories, card: Card, op: Op) -> None:
    """Once a member and once a fingerprint; a refund gives it back only if an operator says so."""
    if not card.trial_family:
        return
    for owner, history in histories.items():
        for term in history.terms:
            same_family = term.card.trial_family == card.trial_family
            same_person = owner == op["member"] or set(term.fingerprints) & set(op.get("fingerprints", ()))
            released = any(one.release_trial for one in history.terminations_of(term.term_id))
            if same_family and same_person and not released:
                raise Refusal("TRIAL_USED", trial_family=card.trial_family)


def refuse_beyond_horizon(placed: Placed, now: int) -> None:
    """R20: the last day of the tail against the day of the purchase plus the horizon."""
    card, (count, unit) = placed.term.card, placed.term.card.horizon
    tail = lay_out(placed.history).tail(placed.term.lane, now)
    latest = day_of(add(placed.term.moment, count, unit, card.zone), card.zone)
    if day_of(tail - 1, card.zone) > latest:
        raise Refusal("HORIZON_EXCEEDED", sku_id=card.sku, latest_end=latest)


def refuse_collisions(after: History, reason: str) -> None:
    """No lane may hold two things at once; only pinned terms can collide (R14)."""
    for pieces in lay_out(after).pieces.values():
        for first, second in pairwise(pieces):
            if second.start < first.end:
                raise Refusal(reason, term_id=first.term.term_id)


def refuse_violations(catalog: Catalog, before: History, after: History, since: int) -> None:
    """Nothing may be broken that was not broken before."""
    known = violations(catalog, before, lay_out(before), since)
    for one in violations(catalog, after, lay_out(after), since):
        if one not in known:
            reason = "PREREQUISITE_MISSING" if one.kind == "PREREQUISITE" else "IDENTITY_CONFLICT"
            raise Refusal(reason, rule_id=one.rule_id, term_id=one.term_id, other=one.other_id)
