"""Paid and refunded orders, as Identity and Seckill tell of them.

An order's event is named by who tells of it and its id, so that no two services can mean the same.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import orjson

from domain.honey.earning_events import Event, Item
from domain.honey.order_refunds import Refund
from domain.honey.orders_elsewhere import RefundedOrder
from servers.store import event as store

IDENTITY_PAID, SECKILL_PAID = "identity.order_paid", "seckill.order_paid"
"""The scenes."""
ORDER, FLASH_SALE = "ORDER", "FLASH_SALE"
"""Causes of terms that were paid for."""

Told: TypeAlias = Event | RefundedOrder
Payload: TypeAlias = dict[str, Any]


def told(event: store.Event) -> list[Told]:
    """What an event of another service means here: maybe nothing."""
    if event.type not in _MEANINGS:
        return []
    return list(_MEANINGS[event.type](event, orjson.loads(event.payload)))


def _placed(event: store.Event, payload: Payload) -> Iterator[Told]:
    term = payload["term"]
    if term["cause"]["kind"] == ORDER:
        yield Event(
            event_id=_identity(term["cause"]["id"]),
            member_id=event.subject,
            scene=IDENTITY_PAID,
            occurred=term["acquired"],
            ordered=term.get("sold"),
            channel=term["source"],
            currency=term["currency"],
            items=(Item(term["sku_id"], term["paid"]),),
        )


def _terminated(event: store.Event, payload: Payload) -> Iterator[Told]:
    """Money paid back for a card, maybe one that was bought in a flash sale."""
    for cut in payload["cuts"]:
        term = payload.get("terms", {}).get(cut["term_id"], {"cause": {"kind": "", "id": ""}})
        kind, cause_id = term["cause"]["kind"], term["cause"]["id"]
        # What was free and is given back whole is refunded, for nothing.
        is_refunded = cut["refund"] or (
            not term.get("paid") and cut["share"] == "1/1" and not cut["keep_time"]
        )
        if not is_refunded:
            continue
        if kind == ORDER:
            refund = Refund(term["sku_id"], cut["refund"])
            yield RefundedOrder(IDENTITY_PAID, _identity(cause_id), [refund], event.event_id)
        elif kind == FLASH_SALE:
            order_id, _, unit = cause_id.rpartition(":")
            refund = Refund(unit, cut["refund"])
            yield RefundedOrder(SECKILL_PAID, _seckill(order_id), [refund], f"{event.event_id}:{unit}")


def _paid(_: store.Event, payload: Payload) -> Iterator[Told]:
    yield Event(
        event_id=_seckill(payload["order_id"]),
        member_id=payload["member_id"],
        scene=SECKILL_PAID,
        occurred=payload["paid"],
        ordered=payload.get("reserved"),
        channel=payload.get("scene", ""),
        currency=payload["currency"],
        items=tuple(Item(str(unit), payload["amount_minor"]) for unit in range(1, payload["quantity"] + 1)),
    )


def _refunded(event: store.Event, payload: Payload) -> Iterator[Told]:
    """What it bought could not be given. A payment that bought nothing (`RefundDue` alone) earned nothing."""
    yield RefundedOrder(SECKILL_PAID, _seckill(payload["order_id"]), None, event.event_id)


def _identity(order_id: str) -> str:
    return f"identity:{order_id}"


def _seckill(order_id: str) -> str:
    return f"seckill:{order_id}"


_MEANINGS: dict[str, Callable[[store.Event, Payload], Iterator[Told]]] = {
    "TermPlaced": _placed,
    "TermTerminated": _terminated,
    "OrderPaid": _paid,
    "OrderRefunded": _refunded,
}
TYPES = list(_MEANINGS)
"""Of events that may mean something here."""
