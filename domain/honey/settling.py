"""An order's points are made what they shall be after its refunds: the difference is posted, nothing else."""

from dataclasses import dataclass

from domain.honey.event_records import EventRecord, RuleEarning
from domain.honey.order_refunds import Order, settlement
from domain.honey.ports import HoneyPorts
from domain.honey.undoing import Undoing
from domain.honey.verdicts import Basis
from domain.honey.wallet import Occasion, Wallet
from domain.shared.doing import Doing


@dataclass(frozen=True, slots=True)
class ItemPoints:
    """What stays of one item."""

    item_id: str
    refunded: int
    """In minor units."""
    earned: int
    spent: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What was posted, in points, and what stays of the order."""

    taken_back: int
    waived: int
    """Of what was taken back."""
    given_back: int
    items: tuple[ItemPoints, ...]


def settle(
    record: EventRecord, wallet: Wallet, ports: HoneyPorts, doing: Doing, occasion: Occasion
) -> Settled:
    """By all that is refunded of the order so far."""
    event = record.event
    assert event, "what we have not heard of has no points"
    order, undoing = Order(event.items, record.refunded), Undoing(wallet, ports, doing, occasion)
    wallet.turn_to(occasion)
    earnings = {each.rule_id: each for each in ports.rule_earnings.of_event(record.key)}
    bases = {rule_id: _basis(each, ports) for rule_id, each in earnings.items()}
    lots = {rule_id: wallet.own_lot(each.lot_id) for rule_id, each in earnings.items()}
    spent = wallet.spend(event.spend_id) if event.spend_id else None
    due = settlement(
        order,
        bases.values(),
        {rule_id: lot.stands for rule_id, lot in lots.items()},
        spent.points if spent else 0,
    )
    waived = sum(undoing.earning(lots[rule_id], points) for rule_id, points in due.take_back.items())
    if spent and due.give_back:
        undoing.spend(spent, due.give_back)
    taken_back, items = sum(due.take_back.values()), _items(order, list(bases.values()))
    return Settled(taken_back, waived, due.give_back, items)


def _basis(earning: RuleEarning, ports: HoneyPorts) -> Basis:
    programme = ports.programmes.of(earning.revision, earning.key.programme_id)
    return Basis(programme.earning.rule(earning.rule_id), earning.factor, earning.room)


def _items(order: Order, bases: list[Basis]) -> tuple[ItemPoints, ...]:
    earned = [order.earned_by_item(basis) for basis in bases]
    return tuple(
        ItemPoints(
            item_id=item.item_id,
            refunded=order.refunded.get(item.item_id, 0),
            earned=sum(by_item[place] for by_item in earned),
            spent=order.stays_spent(item),
        )
        for place, item in enumerate(order.items)
    )
