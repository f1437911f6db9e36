"""A preview that no longer holds cannot be ordered (ID-13)."""

from typing import Any

import pytest

from domain.identity.catalog import Channel
from domain.identity.commands.preview import preview_purchase
from domain.identity.commands.purchase import CreateOrder, create_order
from domain.identity.wanted import Purchase
from domain.shared.doing import Doing
from domain.shared.errors import Raced
from domain.shared.instants import DAY
from tests.fakes import EPOCH
from tests.unit.identity.subject import Subject


def a_sku(sku_id: str, months: int, fen: int) -> dict[str, Any]:
    return {
        "sku_id": sku_id,
        "spu_id": "gold",
        "title": sku_id,
        "duration": {"count": months, "unit": "PERIOD_UNIT_MONTH"},
        "price": {"currency": "CNY", "amount_minor": fen},
    }


CATALOG = {
    "spus": [{"spu_id": "gold", "title": "Gold", "default_relation": "RELATION_POLICY_RENEW"}],
    "skus": [a_sku("month", 1, 3900), a_sku("quarter", 3, 9900)],
    "relations": [
        {
            "held_sku_id": "month",
            "bought_sku_id": "quarter",
            "policy": "RELATION_POLICY_UPGRADE_NOW",
            "residue": "RESIDUE_RULE_CREDIT_MONEY",
        }
    ],
}
WANTED = Purchase("ann", "month", "shop", Channel.APP_PURCHASE)


def test_a_preview_of_before_another_purchase_is_stale() -> None:
    subject = Subject(CATALOG)
    ports, doing = subject.memory.ports, Doing("test", "", EPOCH)
    before = preview_purchase(WANTED, ports, doing)
    assert subject.apply({"op": "buy", "member": "ann", "sku": "month", "term": "t", "t": EPOCH}).accepted
    with pytest.raises(Raced) as raised:
        create_order(CreateOrder(WANTED, "order", before.etag), ports, doing)
    assert raised.value.reason == "STALE_PREVIEW"


def test_a_preview_that_still_holds_is_ordered_at_the_price_that_it_shows() -> None:
    """Less than the card's own: an upgrade, for which the rest of the held card counts."""
    subject = Subject(CATALOG)
    ports, doing = subject.memory.ports, Doing("test", "", EPOCH + DAY)
    assert subject.apply({"op": "buy", "member": "ann", "sku": "month", "term": "t", "t": EPOCH}).accepted
    wanted = Purchase("ann", "quarter", "shop", Channel.APP_PURCHASE)
    shown = preview_purchase(wanted, ports, doing)
    ordered = create_order(CreateOrder(wanted, "order", shown.etag), ports, doing)
    assert ordered.order.payable == shown.placed.payable < 9900
