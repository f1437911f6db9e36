"""When a refused purchase would be accepted, by trying: settled reading on "the earliest start"."""

from tests.oracle.facts import Card, card_of
from tests.oracle.local_time import add, midnight_after
from tests.oracle.oracle import Op, Oracle

TRIED_DAYS = 800


def earliest_start(oracle: Oracle, op: Op) -> int | None:
    """The start that the same purchase gets at the first later instant at which it is accepted, if any.

    Tried are the starts and ends of all segments, the ends of grace times, the sale window and every local
    midnight of the next 800 days.
    """
    card = card_of(oracle.catalog, op["sku"])
    if card is None:
        return None
    for instant in _later_instants(oracle, op, card):
        trial = oracle.copy()
        if trial.apply({**op, "t": instant, "now": instant, "term": "?"}).accepted:
            return min(piece.start for piece in trial.layout(op["member"]).of("?"))
    return None


def _later_instants(oracle: Oracle, op: Op, card: Card) -> list[int]:
    found = {one for one in card.on_sale if one is not None}
    for piece in oracle.layout(op["member"]).all():
        held = piece.term.card
        found |= {piece.start, piece.end, add(piece.end, held.grace_days, "DAY", held.zone)}
    day = op["t"]
    for _ in range(TRIED_DAYS):
        day = midnight_after(day, card.zone)
        found.add(day)
    return sorted(instant for instant in found if instant > op["t"])
