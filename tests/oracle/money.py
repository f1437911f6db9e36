"""What terms are worth and what refunds pay back: settled readings on value, credit and conversion; R8.

Everything is exact until the end, then rounded half up once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle.ends import rest_of
from tests.oracle.facts import History, Term
from tests.oracle.local_time import DAY, day_of
from tests.oracle.pieces import Layout


def half_up(exact: Fraction) -> int:
    """The nearest integer, halves upwards."""
    return (exact + Fraction(1, 2)).__floor__()


def remaining_part(layout: Layout, term: Term, at: int) -> Fraction:
    """Remaining time of the whole length, as the term lies now; a waiting rest remains."""
    pieces = layout.of(term.term_id)
    waits = layout.waiting.get(term.term_id, 0)
    if waits is None:
        return Fraction(1)
    whole = sum(piece.end - piece.start for piece in pieces) + waits
    left = sum(max(0, piece.end - max(piece.start, at)) for piece in pieces) + waits
    return Fraction(left, whole) if whole else Fraction(0)


def value(history: History, layout: Layout, term: Term) -> int:
    """What was paid for it and went into it, less what was refunded and what upgrades that stand took.

    Never less than nothing, though a refund and an upgrade dated before it may have taken more than that.
    """
    refunded, taken = history.refunded(term.term_id), _taken(history, layout, term)
    # What went into an upgrade that is refunded has gone back to where it came from.
    carried = 0 if term.term_id in layout.ended else term.carried
    return max(0, term.paid + carried - refunded - taken)


def refund_amount(history: History, layout: Layout, term: Term, at: int, share: Fraction) -> int:
    """The share of what is left of the money paid; credits are never paid out."""
    paid = term.paid - history.refunded(term.term_id)
    return half_up(paid * remaining_part(layout, term, at) * share)


@dataclass(frozen=True)
class Residue:
    """What the superseded cards bring to the new one."""

    took: tuple[tuple[str, int], ...]
    credit: int
    carried: int
    discarded: int
    days: int
    us: int


def residue(
    history: History, layout: Layout, new: Term, plain_end: int, replaced: Sequence[tuple[Term, str]]
) -> Residue:
    """What the replaced terms bring, each by its rule; `plain_end` is where the new one would end."""
    price = new.card.price
    worth = dict.fromkeys(("DISCARD", "CREDIT_MONEY", "CONVERT_DAYS", "FREEZE", "TAIL"), Fraction(0))
    tail_days = tail_us = 0
    took = []
    for term, rule in replaced:
        left = value(history, layout, term) * remaining_part(layout, term, new.moment)
        worth[rule] += left
        if rule != "FREEZE":
            took.append((term.term_id, half_up(left)))
        if rule == "TAIL":
            for part in layout.of(term.term_id):
                if part.end > new.moment:
                    rest = rest_of(part.term.card, max(part.start, new.moment), part.end)
                    tail_days, tail_us = tail_days + rest.days, tail_us + rest.us
    credit = min(half_up(worth["CREDIT_MONEY"]), price)
    days, converted = _converted(new, plain_end, worth["CONVERT_DAYS"])
    all_converted = half_up(worth["CONVERT_DAYS"])
    lost = half_up(worth["CONVERT_DAYS"] - converted)
    return Residue(
        took=tuple(took),
        credit=credit,
        carried=credit + half_up(worth["TAIL"]) + all_converted - lost,
        discarded=half_up(worth["DISCARD"]) + half_up(worth["CREDIT_MONEY"]) - credit + lost,
        days=tail_days + days,
        us=tail_us,
    )


def _converted(new: Term, plain_end: int, worth: Fraction) -> tuple[int, Fraction]:
    """Whole days of the new card that the worth buys, and what they cost; a free card converts nothing."""
    card = new.card
    if card.price == 0:
        return 0, Fraction(0)
    if card.end_of_day:
        whole = Fraction(max(1, (day_of(plain_end, card.zone) - day_of(new.moment, card.zone)).days))
    else:
        whole = Fraction(plain_end - new.moment, DAY)
    per_day = card.price / whole
    days = (worth / per_day).__floor__()
    return days, days * per_day


def _taken(history: History, layout: Layout, term: Term) -> int:
    return sum(
        amount
        for upgrade in history.terms
        for term_id, amount in upgrade.took
        if term_id == term.term_id and upgrade.term_id not in layout.ended
    )
