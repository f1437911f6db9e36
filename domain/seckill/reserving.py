"""Setting units aside for a member: from which tranche, or why not."""

from collections.abc import Sequence

from domain.seckill import refusals
from domain.seckill.activity import Tranche
from domain.seckill.book import Book
from domain.seckill.commands import Reserve
from domain.seckill.done import Done
from domain.seckill.events import UnitReserved
from domain.seckill.orders import Order


def reserve(command: Reserve, book: Book) -> Done:
    """An order, or the one that this request made before (I5), whatever became of it.

    Raises what `refusals` makes; nothing is kept of it.
    """
    known = book.ordered(command.member_id, command.request_id)
    if known is not None:
        return _again(known, command)
    settings = book.activity.settings
    if not book.activity.is_selling(book.now):
        raise refusals.not_selling(book.activity, book.now)
    if settings.scenes and command.scene not in settings.scenes:
        raise refusals.scene_not_allowed(book.activity, command.scene)
    require_within_limit(book, command.member_id, command.quantity)
    order = Order(
        order_id=command.order_id,
        activity_id=book.activity.activity_id,
        member_id=command.member_id,
        request_id=command.request_id,
        tranche=_tranche_for(command, book).number,
        quantity=command.quantity,
        price=settings.price,
        scene=command.scene,
        reserved=book.now,
        expires=book.activity.pay_by(book.now),
    )
    return Done(book.save(order, told_of(order)))


def require_within_limit(book: Book, member_id: str, quantity: int) -> None:
    """SK-3. Raises Refused (MEMBER_LIMIT_REACHED)."""
    if book.units(member_id) + quantity > book.activity.settings.member_limit:
        raise refusals.member_limit_reached(book.activity)


def first_with_room(book: Book, tranches: Sequence[Tranche], quantity: int) -> Tranche:
    """SK-1: the first that has the units. Raises Throttled (SOLD_OUT)."""
    for tranche in tranches:
        if book.left(tranche) >= quantity:
            return tranche
    raise refusals.sold_out(book.activity.activity_id)


def told_of(order: Order, again: bool = False) -> UnitReserved:
    return UnitReserved(
        order.order_id, order.activity_id, order.member_id, order.quantity, order.expires, again
    )


def _tranche_for(command: Reserve, book: Book) -> Tranche:
    open_to = [
        tranche for tranche in book.activity.settings.parts if tranche.is_open_to(command.held_skus, book.now)
    ]
    if not open_to:
        raise refusals.not_eligible(book.activity, book.now)
    # What the gate set aside comes first, or gate and database would differ by a unit here and a unit there.
    open_to.sort(key=lambda tranche: tranche.number != command.claimed)
    return first_with_room(book, open_to, command.quantity)


def _again(known: Order, command: Reserve) -> Done:
    if (known.quantity, known.scene) != (command.quantity, command.scene):
        raise refusals.request_id_reused(command.request_id)
    return Done(known, is_repeat=True)
