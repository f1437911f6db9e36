"""Items of an order are refunded: what they earned is taken back, and what was spent on them comes back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.honey.due import opened
from domain.honey.earning_events import MOST_ITEMS
from domain.honey.event_records import EventKey, EventRecord
from domain.honey.order_refunds import Order, Refund, refunded
from domain.honey.ports import HoneyPorts
from domain.honey.settling import Settled, settle
from domain.honey.wallet import Occasion
from domain.honey.wallets import MEMBER, Owner, Standing, wallet_id_of
from domain.shared.doing import Doing
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.money import MAX_AMOUNT


@dataclass(frozen=True, slots=True)
class RefundOrderItems:
    """So much of these items is refunded. The order is an event with items; it may be heard of later."""

    key: EventKey
    transaction_id: str
    refunds: Sequence[Refund]


@dataclass(frozen=True, slots=True)
class ItemsRefunded:
    """What was posted, and how the member's wallet stands; None of both: the order has not been heard of."""

    settled: Settled | None
    standing: Standing | None


def refund_order_items(command: RefundOrderItems, ports: HoneyPorts, doing: Doing) -> ItemsRefunded:
    """Of an order that we have not heard of it is kept until we do.

    Raises Invalid (an item that is not the order's, an amount that is none), NotFound (PROGRAMME_NOT_FOUND),
    Refused (MORE_THAN_ORDERED).
    """
    key = command.key
    ports.programmes.get(key.programme_id)
    record = ports.events.get(key) or EventRecord(key)
    version, event = record.version + 1, record.event
    if event is None:
        heard_of = _heard_of(record, command.refunds)
        ports.events.put(replace(record, refunded=heard_of, version=version))
        return ItemsRefunded(None, None)
    order = refunded(Order(event.items, record.refunded), command.refunds)
    record = replace(record, refunded=order.refunded, version=version)
    ports.events.put(record)
    wallet_id = wallet_id_of(key.programme_id, Owner(MEMBER, event.member_id))
    occasion = Occasion(command.transaction_id, key.event_id)
    wallet = opened(ports, wallet_id, doing, occasion)
    settled = settle(record, wallet, ports, doing, occasion)
    return ItemsRefunded(settled, wallet.close())


def _heard_of(record: EventRecord, refunds: Sequence[Refund]) -> dict[str, int]:
    """Refunds of an order that we know nothing of yet: they count once it comes."""
    so_far = dict(record.refunded)
    for refund in refunds:
        so_far[refund.item_id] = min(so_far.get(refund.item_id, 0) + refund.amount, MAX_AMOUNT)
    if len(so_far) > MOST_ITEMS:
        raise Invalid([FieldViolation("refunds", "TOO_MANY", f"an order has at most {MOST_ITEMS} items")])
    return so_far
