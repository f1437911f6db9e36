"""A preview that no longer holds cannot be ordered (ID-13)."""

import pytest

from domain.identity.catalog import Channel
from domain.identity.commands.purchase import CreateOrder, Purchase, create_order, preview_purchase
from domain.identity.recording import Doing
from domain.shared.errors import Raced
from tests.fakes import EPOCH
from tests.unit.identity.subject import Subject

SKU = {
    "sku_id": "month",
    "spu_id": "gold",
    "title": "Month",
    "duration": {"count": 1, "unit": "PERIOD_UNIT_MONTH"},
    "price": {"currency": "CNY", "amount_minor": 3900},
}
CATALOG = {
    "spus": [{"spu_id": "gold", "title": "Gold", "default_relation": "RELATION_POLICY_RENEW"}],
    "skus": [SKU],
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


def test_a_preview_that_still_holds_is_ordered_as_shown() -> None:
    subject = Subject(CATALOG)
    ports, doing = subject.memory.ports, Doing("test", "", EPOCH)
    shown = preview_purchase(WANTED, ports, doing)
    ordered = create_order(CreateOrder(WANTED, "order", shown.etag), ports, doing)
    assert ordered.order.payable == shown.placed.payable
