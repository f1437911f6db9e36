"""The catalogue of these tests: few cards, each with one property that a test needs."""

from typing import Any

from google.protobuf.json_format import ParseDict

from nectary.identity.v1 import catalog_pb2 as pb

MONTHLY = "gold_monthly"
QUARTERLY = "gold_quarterly"
"""Upgraded to ANNUAL at once, its rest credited as money."""
ANNUAL = "gold_annual"
TRIAL = "gold_trial"
FESTIVAL = "gold_festival"
"""On sale in June 2027 only."""
GIFT_ONLY = "gold_gift"
"""Given by the source `friends` as a gift only."""
FENGXIANG = "fengxiang_month"
"""Stacks, and renews itself; needs any gold card at its start, and a refund of that takes it along."""
PASS = "pass_week"
"""A day card: renews itself, up to 1,200 days ahead."""
CARD = "card_month"
"""Of physical cards."""
STUDENT = "student_year"
"""Conflicts with ANNUAL."""
CLUB = "club_year"
"""Not sold to its holders."""


def a_catalog(**prices: int) -> pb.Catalog:
    """The catalogue, with other prices for the SKUs that are named."""
    skus = [sku | {"price": _price(prices.get(sku["sku_id"], sku["price"]))} for sku in _SKUS]
    return ParseDict({"spus": _SPUS, "skus": skus, "relations": _RELATIONS, "rules": _RULES}, pb.Catalog())


def _price(fen: int) -> dict[str, Any]:
    return {"currency": "CNY", "amount_minor": fen}


def _spu(spu_id: str, default: str, weight: int, **more: Any) -> dict[str, Any]:
    return {
        "spu_id": spu_id,
        "title": spu_id.title(),
        "zone": "Asia/Shanghai",
        "default_relation": f"RELATION_POLICY_{default}",
        "display_weight": weight,
        **more,
    }


def _sku(sku_id: str, count: int, unit: str, fen: int, **more: Any) -> dict[str, Any]:
    return {
        "sku_id": sku_id,
        "spu_id": sku_id.partition("_")[0],
        "title": sku_id.replace("_", " ").title(),
        "duration": _period(count, unit),
        "price": fen,
        **more,
    }


def _period(count: int, unit: str) -> dict[str, Any]:
    return {"count": count, "unit": f"PERIOD_UNIT_{unit}"}


def _channels(*names: str) -> list[str]:
    return [f"ACQUISITION_CHANNEL_{name}" for name in names]


_SPUS = [
    _spu("gold", "RENEW", 500),
    _spu("fengxiang", "RENEW", 300),
    _spu("pass", "RENEW", 300),
    _spu("card", "STACK", 100),
    _spu("student", "RENEW", 50),
    _spu("club", "REJECT", 40, display_position=1),
]
_SKUS = [
    _sku(MONTHLY, 1, "MONTH", 2900, rank=10, grace_days=3, horizon=_period(1200, "MONTH")),
    _sku(QUARTERLY, 3, "MONTH", 6900, rank=20),
    _sku(ANNUAL, 1, "YEAR", 19900, rank=30, grace_days=7),
    _sku(TRIAL, 7, "DAY", 0, rank=1, trial_family="gold_taste"),
    _sku(
        FESTIVAL,
        1,
        "MONTH",
        900,
        rank=5,
        sale_start_time="2027-06-01T00:00:00Z",
        sale_end_time="2027-07-01T00:00:00Z",
    ),
    _sku(GIFT_ONLY, 1, "MONTH", 0, sources=["friends"], acquisition_channels=_channels("GIFT")),
    _sku(FENGXIANG, 1, "MONTH", 1900),
    _sku(PASS, 7, "DAY", 700, horizon=_period(1200, "DAY")),
    _sku(CARD, 1, "MONTH", 2500, acquisition_channels=_channels("PHYSICAL_CARD", "SUPPLIER")),
    _sku(STUDENT, 1, "YEAR", 9900),
    _sku(CLUB, 1, "YEAR", 99900),
]
_RELATIONS = [
    {
        "held_sku_id": QUARTERLY,
        "bought_sku_id": ANNUAL,
        "policy": "RELATION_POLICY_UPGRADE_NOW",
        "residue": "RESIDUE_RULE_CREDIT_MONEY",
    },
]
_RULES = [
    {
        "rule_id": "fengxiang_needs_gold",
        "sku_id": FENGXIANG,
        "kind": "IDENTITY_RULE_KIND_PREREQUISITE",
        "mode": "IDENTITY_RULE_MODE_ACTIVE_AT_START",
        "other_sku_ids": [MONTHLY, QUARTERLY, ANNUAL],
        "on_break": "ON_BREAK_CASCADE",
    },
    {
        "rule_id": "student_or_annual",
        "sku_id": STUDENT,
        "kind": "IDENTITY_RULE_KIND_CONFLICT",
        "mode": "IDENTITY_RULE_MODE_OVERLAPS",
        "other_sku_ids": [ANNUAL],
    },
]
