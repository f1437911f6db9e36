"""A conflict refuses the second card, whichever it is (ID-8)."""

from typing import Any

import pytest

from tests.fakes import EPOCH
from tests.unit.identity.subject import Subject


def a_sku(sku_id: str, spu_id: str) -> dict[str, Any]:
    return {
        "sku_id": sku_id,
        "spu_id": spu_id,
        "title": sku_id,
        "duration": {"count": 1, "unit": "PERIOD_UNIT_MONTH"},
        "price": {"currency": "CNY", "amount_minor": 3900},
    }


CATALOG = {
    "spus": [
        {"spu_id": spu_id, "title": spu_id, "default_relation": "RELATION_POLICY_RENEW"}
        for spu_id in ("gold", "student")
    ],
    "skus": [a_sku("month", "gold"), a_sku("term", "student")],
    "rules": [
        {
            "rule_id": "student_or_gold",
            "sku_id": "term",
            "kind": "IDENTITY_RULE_KIND_CONFLICT",
            "mode": "IDENTITY_RULE_MODE_OVERLAPS",
            "other_sku_ids": ["month"],
        }
    ],
}


@pytest.mark.parametrize(("first", "second"), [("month", "term"), ("term", "month")])
def test_of_two_cards_in_conflict_the_second_is_refused(first: str, second: str) -> None:
    subject = Subject(CATALOG)
    assert subject.apply({"op": "buy", "member": "ann", "sku": first, "term": "t1", "t": EPOCH}).accepted
    answer = subject.apply({"op": "buy", "member": "ann", "sku": second, "term": "t2", "t": EPOCH + 1})
    assert answer.reason == "IDENTITY_CONFLICT"
