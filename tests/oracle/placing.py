"""Where a newly acquired term goes: semantics 2.1 "Placing a term", settled readings; R4, R12 to R14."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.oracle.facts import Card, History, Order, Term, Thaw, plain, spu_of
from tests.oracle.layout import lay_out
from tests.oracle.local_time import add
from tests.oracle.money import Residue, residue
from tests.oracle.pieces import Layout, Piece

STRONGEST_FIRST = ("REJECT", "UPGRADE_NOW", "RENEW", "CHANGE_AT_END", "STACK")


class Refusal(Exception):
    """A rule forbids the operation; `reason` is an ErrorReason."""

    def __init__(self, reason: str, **detail: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Wish:
    """A term to be placed."""

    term_id: str
    card: Card
    moment: int
    now: int
    pinned: int | None
    order: int
    """Larger than that of anything before; the one above it is free too."""


@dataclass(frozen=True)
class Placed:
    """The term with its place, as facts."""

    history: History
    term: Term
    residue: Residue | None = None


@dataclass(frozen=True)
class Held:
    """A candidate: a term of the SPU that still has time, and what the relation table says of it."""

    term: Term
    policy: str
    residue: str


def relation(catalog: Mapping[str, Any], held: Card, bought: Card) -> tuple[str, str]:
    """Policy and residue rule of a pair; a trial is never had twice, whatever the table says."""
    if held.sku == bought.sku and bought.trial_family:
        return "REJECT", ""
    row = next(
        (
            one
            for one in catalog.get("relations", ())
            if (one["held_sku_id"], one["bought_sku_id"]) == (held.sku, bought.sku)
        ),
        None,
    )
    if row is None:
        spu = spu_of(catalog, bought.spu)
        row = {"policy": spu["default_relation"], "residue": spu.get("default_residue")}
    return plain(row["policy"], "RELATION_POLICY_", ""), plain(row.get("residue"), "RESIDUE_RULE_", "")


def place(catalog: Mapping[str, Any], history: History, wish: Wish) -> Placed:
    """The history with the term in it. Raises Refusal."""
    layout = lay_out(history)
    held = candidates(catalog, history, layout, wish)
    if not held:
        return _open_or_continue(catalog, history, layout, wish)
    strongest = min((one.policy for one in held), key=STRONGEST_FIRST.index)
    having = [one for one in held if one.policy == strongest]
    if strongest == "REJECT":
        raise Refusal("RELATION_REJECTS", term_id=having[0].term.term_id)
    if strongest == "STACK":
        return _appended(history, layout, wish, _new_lane(history), "STACK")
    if strongest == "UPGRADE_NOW":
        return _upgraded(history, layout, wish, having)
    lane = max(sorted({one.term.lane for one in having}), key=lambda one: layout.tail(one, wish.now))
    _refuse_inside(layout.pieces[lane], wish)
    return _appended(history, layout, wish, lane, strongest)


def candidates(catalog: Mapping[str, Any], history: History, layout: Layout, wish: Wish) -> list[Held]:
    """R12. Raises Refusal if one of them is paused."""
    found = []
    for term in history.terms:
        waits = term.term_id in layout.waiting
        if term.card.spu == wish.card.spu and (
            waits or any(piece.end > wish.moment for piece in layout.of(term.term_id))
        ):
            if waits:
                raise Refusal("TERM_PAUSED", term_id=term.term_id)
            found.append(Held(term, *relation(catalog, term.card, wish.card)))
    return found


def _open_or_continue(catalog: Mapping[str, Any], history: History, layout: Layout, wish: Wish) -> Placed:
    """A new lane, or within the grace time the one that ended last."""
    ended = []
    for lane in history.lanes():
        pieces = [
            piece
            for piece in layout.pieces[lane]
            if piece.term.card.spu == wish.card.spu
            and not any(one.full for one in history.terminations_of(piece.term.term_id))
        ]
        if pieces:
            ended.append(max(pieces, key=lambda piece: piece.end))
    for last in sorted(ended, key=lambda piece: (-piece.end, piece.term.lane)):
        zone = last.term.card.zone
        in_grace = last.end <= wish.moment < add(last.end, last.term.card.grace_days, "DAY", zone)
        renews = relation(catalog, last.term.card, wish.card)[0] == "RENEW"
        if in_grace and renews and wish.card.continuous and wish.pinned is None:
            return _appended(history, layout, wish, last.term.lane, "RENEW", continued=last.end)
    return _appended(history, layout, wish, _new_lane(history), "STACK")


def _upgraded(history: History, layout: Layout, wish: Wish, having: Sequence[Held]) -> Placed:
    """R4. The running card is cut, those queued with the same policy go; their rest follows the rule."""
    moment = wish.moment
    by_term = {one.term.term_id: one for one in having}
    left = [piece for piece in layout.all() if piece.term.term_id in by_term and piece.end > moment]
    running = [piece for piece in left if piece.start <= moment]
    first = min(running or left, key=lambda piece: (0 if running else piece.start, piece.term.lane))
    lane = first.term.lane
    replaced = _once(
        [
            by_term[piece.term.term_id]
            for piece in sorted(left, key=lambda piece: piece.start)
            if piece.term.lane == lane
        ]
    )
    others = [piece for piece in layout.pieces[lane] if piece.start <= moment < piece.end and not running]
    history, thawed = _thaw(history, layout, wish, lane)
    if others:
        _refuse_inside(others, wish)
        behind = thawed.get(others[0].term.term_id, others[0].term.order)
        new = _term(wish, lane, (*behind, wish.order + 1), "UPGRADE_NOW")
    else:
        # What is queued with another policy comes behind, so the new one takes the place of the first.
        place = replaced[0].term
        behind = thawed.get(place.term_id, _last_order(history, place))
        new = replace(_term(wish, lane, (*behind, wish.order + 1), "UPGRADE_NOW"), pinned=moment)
    new = replace(new, supersedes=tuple((one.term.term_id, one.residue) for one in replaced))
    without = lay_out(replace(history, terms=(*history.terms, new)))
    plain_end = max((piece.end for piece in without.of(new.term_id)), default=moment)
    brought = residue(history, layout, new, plain_end, [(one.term, one.residue) for one in replaced])
    new = replace(
        new, took=brought.took, carried=brought.carried, extra_days=brought.days, extra_us=brought.us
    )
    return Placed(replace(history, terms=(*history.terms, new)), new, brought)


def _once(helds: Sequence[Held]) -> list[Held]:
    return list({held.term.term_id: held for held in helds}.values())


def _appended(
    history: History, layout: Layout, wish: Wish, lane: int, placement: str, continued: int | None = None
) -> Placed:
    history, _ = _thaw(history, layout, wish, lane)
    new = _term(wish, lane, (wish.order + 1,), placement)
    if continued is not None:
        new = replace(new, floor=continued, continues_grace=True)
    return Placed(replace(history, terms=(*history.terms, new)), new)


def _term(wish: Wish, lane: int, order: Order, placement: str) -> Term:
    return Term(
        term_id=wish.term_id,
        card=wish.card,
        lane=lane,
        order=order,
        placement=placement,
        moment=wish.moment,
        floor=wish.moment,
        count=wish.card.count,
        unit=wish.card.unit,
        pinned=wish.pinned,
        pinned_by_operator=wish.pinned is not None,
    )


def _thaw(history: History, layout: Layout, wish: Wish, lane: int) -> tuple[History, dict[str, Order]]:
    """A frozen rest that has begun keeps its place from now on; what is new comes behind it."""
    begun = [
        piece.term.term_id
        for piece in layout.pieces.get(lane, ())
        if piece.frozen and piece.start <= wish.now
    ]
    thaws = {term_id: (wish.order, position) for position, term_id in enumerate(begun)}
    return replace(history, thaws=history.thaws + tuple(Thaw(*item) for item in thaws.items())), dict(thaws)


def _new_lane(history: History) -> int:
    return max(history.lanes(), default=0) + 1


def _refuse_inside(pieces: Sequence[Piece], wish: Wish) -> None:
    """R14: an operator's start may not lie inside a segment of the lane."""
    for piece in pieces:
        if wish.pinned is not None and piece.start <= wish.pinned < piece.end:
            raise Refusal("PINNED_START_TAKEN", term_id=piece.term.term_id)


def place_extension(
    history: History, parent: Term, term_id: str, period: tuple[int, str], now: int, order: int
) -> Placed:
    """R19: behind its parent, before what is queued."""
    layout = lay_out(history)
    wish = Wish(term_id, parent.card, now, now, None, order)
    history, thawed = _thaw(history, layout, wish, parent.lane)
    behind = thawed.get(parent.term_id, _last_order(history, parent))
    new = _term(wish, parent.lane, (*behind, order + 1), "EXTEND")
    new = replace(new, count=period[0], unit=period[1], extension=True)
    return Placed(replace(history, terms=(*history.terms, new)), new)


def _last_order(history: History, term: Term) -> Order:
    orders = [thaw.order for thaw in history.thaws if thaw.term_id == term.term_id]
    return orders[-1] if orders else term.order
