"""When a refused purchase would be accepted, by trying: settled reading on "the earliest start"."""

from tests.oracle.facts import Card, card_of
from tests.oracle.local_time import add, midnight_after
from tests.oracle.oracle import Op, Oracle

TRIED_DAYS = 800


def earliest_start(oracle: Oracle, op: Op) -> int | None:
    """The start that the same purchase gets at the first later instant at which it is accepted, if any.

    Tried are the starts and ends of all segments, where their grace times begin and end, the sale window and
    every local midnight of the next 800 days; then the time between the first of these that is accepted and
    the one before it, by halving.
    """
    card = card_of(oracle.catalog, op["sku"])
    if card is None:
        return None
    refused = op["t"]
    for instant in _later_instants(oracle, op, card):
        if _start(oracle, op, instant) is not None:
            return _first_start(oracle, op, refused, instant)
        refused = instant
    return None


def _first_start(oracle: Oracle, op: Op, refused: int, accepted: int) -> int | None:
    while accepted - refused > 1:
        # A step back first: mostly it begins just there.
        middle = accepted - 1 if _start(oracle, op, accepted - 1) is None else (refused + accepted) // 2
        if _start(oracle, op, middle) is None:
            refused = middle
        else:
            accepted = middle
    return _start(oracle, op, accepted)


def _start(oracle: Oracle, op: Op, instant: int) -> int | None:
    """Where the term would start if it were bought then; None if it is refused."""
    trial = oracle.copy()
    if not trial.apply({**op, "t": instant, "now": instant, "term": "?"}).accepted:
        return None
    return min(piece.start for piece in trial.layout(op["member"]).of("?"))


def _later_instants(oracle: Oracle, op: Op, card: Card) -> list[int]:
    found = {one for one in card.on_sale if one is not None}
    for piece in oracle.layout(op["member"]).all():
        held = piece.term.card
        grace_end = add(piece.end, held.grace_days, "DAY", held.zone)
        found |= {piece.start, piece.end, piece.end + 1, grace_end}
    day = op["t"]
    for _ in range(TRIED_DAYS):
        day = midnight_after(day, card.zone)
        found.add(day)
    return sorted(instant for instant in found if instant > op["t"])
