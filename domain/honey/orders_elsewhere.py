"""Orders of other services: each is an event of every programme that has a scene for them.

What a service tells is taken as it is. A refund of more than is left undoes what is left: services pay money
back by rules of their own, and a refund that was undone may be made again.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from domain.honey.commands.events import RecordEvent
from domain.honey.commands.refunds import RefundOrderItems
from domain.honey.earning_events import Event
from domain.honey.event_records import EventKey, EventRecord
from domain.honey.known import Held, asks_for_holders
from domain.honey.order_refunds import Order, Refund
from domain.honey.ports import HoneyPorts, Programmes
from domain.honey.rewarding import ask_for_holders, tasks_of
from domain.honey.wallets import MEMBER, Owner, wallet_id_of


@dataclass(frozen=True, slots=True)
class RefundedOrder:
    """An order of another service was refunded, wholly or in part."""

    scene: str
    """Of its payment."""
    event_id: str
    """Of its payment."""
    refunds: Sequence[Refund] | None
    """None: all that is left."""
    cause: str
    """Names what told of it: the same refunds have the same, and no others."""


def recordings(programmes: Programmes, order: Event, held: Held | None) -> list[RecordEvent]:
    """A paid order, in each programme that had the scene when it was made."""
    owner = Owner(MEMBER, order.member_id)
    return [
        RecordEvent(wallet_id_of(programme_id, owner), order, held)
        for programme_id in _promising(programmes, order)
    ]


def asks_what_was_held(programmes: Programmes, order: Event) -> bool:
    """Whether what it brings anywhere depends on what the member held: points of rules, progress of tasks."""
    promising = _promising(programmes, order)
    quoted = (programmes.quoted(each, _promised(order)).programme.all_scenes for each in promising)
    scenes = (rules.scene(order.scene) for rules in quoted)
    return any(asks_for_holders(scene.rules) for scene in scenes if scene) or any(
        ask_for_holders(tasks_of(programmes.get(each).tasks, order)) for each in promising
    )


def refundings(ports: HoneyPorts, refunded: RefundedOrder) -> list[RefundOrderItems]:
    """A refund, in each programme that knows the order, or has its scene and may hear of it yet."""
    latest = ports.programmes.latest()
    found = []
    for programme_id, programme in latest.programmes.items() if latest else ():
        key = EventKey(programme_id, refunded.event_id)
        record = ports.events.get(key)
        if record is None and programme.all_scenes.scene(refunded.scene) is None:
            continue
        if refunds := _left(record, refunded.refunds):
            found.append(RefundOrderItems(key, _transaction_id(key, refunded.cause), refunds))
    return found


def _promising(programmes: Programmes, order: Event) -> list[str]:
    latest, at = programmes.latest(), _promised(order)
    return [
        programme_id
        for programme_id in (latest.programmes if latest else ())
        if programmes.quoted(programme_id, at).programme.all_scenes.scene(order.scene)
    ]


def _promised(order: Event) -> int:
    """When it was promised what the order earns."""
    return order.occurred if order.ordered is None else order.ordered


def _left(record: EventRecord | None, refunds: Sequence[Refund] | None) -> list[Refund]:
    """Of the refunds what the order has left; of one that has not been heard of, all that is named."""
    if record is None or record.event is None:
        return list(refunds or ())
    order = Order(record.event.items, record.refunded)
    left = {item.item_id: order.left(item) for item in order.items if not order.is_returned(item)}
    wanted = [Refund(item_id, amount) for item_id, amount in left.items()] if refunds is None else refunds
    return [
        Refund(each.item_id, min(each.amount, left[each.item_id])) for each in wanted if each.item_id in left
    ]


def _transaction_id(key: EventKey, cause: str) -> str:
    """Always the same for the same refund. 32 characters."""
    return hashlib.sha256(json.dumps([*key, "refund", cause]).encode()).hexdigest()[:32]
