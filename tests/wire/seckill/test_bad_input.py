"""Bad input: the answer names the field, nothing is written, nothing of ours leaks (row 2: a stock of 0)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Connection, MetaData, func, select

from clients import InvalidRequest
from nectary.seckill.v1 import activity_service_pb2 as activities
from nectary.seckill.v1 import seckill_pb2 as seckill
from nectary.seckill.v1 import seckill_service_pb2 as pb
from tests.wire.seckill import requests as r
from tests.wire.seckill.buying import refusal
from tests.wire.seckill.mesh import PATHS, START, Mesh

INSIDES = ("Traceback", "sqlalchemy", "sqlite", "mysql", "SELECT", "INSERT", "UPDATE", "seckill_", ".py")
LONG = "a" * 5_000
FINE = Timestamp(seconds=1_900_000_000, nanos=1)
"""Finer than a microsecond."""


def cases() -> Iterator[tuple[str, Any]]:
    """The field that is wrong, and the request."""
    yield from bad_settings()
    yield from bad_operations()
    yield from bad_purchases()
    yield from bad_payments()


def bad_settings() -> Iterator[tuple[str, Any]]:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("title", {"title": ""}),
        ("title", {"title": LONG}),
        ("item", {"item": None}),
        ("item.sku_id", {"item": seckill.Item(sku_id="No SKU")}),
        ("item.benefit_id", {"item": seckill.Item(benefit_id=LONG)}),
        ("price", {"price": None}),
        ("price", {"price": r.yuan(10**12), "member_limit": 2}),
        ("price.currency", {"price": r.yuan(1, "yuan")}),
        ("price.amount_minor", {"price": r.yuan(-1)}),
        ("open_time", {"open_time": None}),
        ("open_time", {"open_time": FINE}),
        ("close_time", {"close_time": None}),
        ("close_time", {"close_time": r.ts(START)}),
        ("close_time", {"close_time": r.ts(START + timedelta(days=91))}),
        ("stock", {"stock": 0}),
        ("stock", {"stock": -1}),
        ("stock", {"stock": 1_000_001}),
        ("member_limit", {"member_limit": 0}),
        ("member_limit", {"member_limit": 101}),
        ("payment_timeout", {"payment_timeout": None}),
        ("payment_timeout", {"payment_timeout": Duration()}),
        ("payment_timeout", {"payment_timeout": Duration(seconds=1, nanos=500_000_000)}),
        ("payment_timeout", {"payment_timeout": Duration(seconds=2_592_001)}),
        ("scenes", {"scenes": ["app", "app"]}),
        ("scenes", {"scenes": [f"app{number}" for number in range(17)]}),
        ("scenes[0]", {"scenes": ["App Home"]}),
        ("stock", {"tranches": [seckill.Tranche(stock=9)]}),
        ("tranches", {"stock": 9, "tranches": [seckill.Tranche(stock=1)] * 9}),
        ("tranches[0].stock", {"tranches": [seckill.Tranche(), seckill.Tranche(stock=10)]}),
        ("tranches[0].sku_ids[0]", {"tranches": [seckill.Tranche(stock=10, sku_ids=["No SKU"])]}),
        ("tranches[0].sku_ids", {"tranches": [seckill.Tranche(stock=10, sku_ids=["a", "a"])]}),
        ("tranches[0].release_time", {"tranches": [seckill.Tranche(stock=10, release_time=r.ts(START))]}),
    ]
    for field, more in wrong:
        yield f"settings.{field}", r.a_creation(**more)
    yield "settings.stock", r.an_update("gold", stock=-1)


def bad_operations() -> Iterator[tuple[str, Any]]:
    yield "settings", activities.CreateActivityRequest(request_id=r.new_id(), activity_id="gold")
    yield "activity_id", r.a_creation("No Id")
    yield "activity_id", r.a_creation("a" * 37)
    no_id = r.a_creation()
    no_id.request_id = ""
    yield "request_id", no_id
    yield "update_mask", r.an_update("gold")
    yield (
        "update_mask",
        activities.UpdateActivityRequest(request_id=r.new_id(), activity_id="gold", settings=r.settings()),
    )
    yield "expected_revision", r.an_update("gold", -1, title="New")
    yield "expected_revision", r.a_publication("gold", expected_revision=-1)
    yield "activity_id", r.a_publication("")
    yield "activity_id", r.a_closing("{gold}")
    yield "activity_id", r.a_reconciliation("gold*")
    yield "activity_id", activities.GetActivityRequest(activity_id="")
    yield "page_size", activities.ListActivitiesRequest(page_size=-1)
    yield "page_token", activities.ListActivitiesRequest(page_token="forged")
    yield "state", activities.ListActivitiesRequest(state=99)  # type: ignore[arg-type]  # no such value


def bad_purchases() -> Iterator[tuple[str, Any]]:
    yield "request_id", r.a_reservation("gold", request_id="two words")
    yield "activity_id", r.a_reservation("gold}")
    yield "member_id", r.a_reservation("gold", "")
    yield "quantity", r.a_reservation("gold", quantity=101)
    yield "quantity", r.a_reservation("gold", quantity=-1)
    yield "scene", r.a_reservation("gold", scene="App Home")
    yield "device", r.a_reservation("gold", device="é")
    yield "member_id", r.a_reservation("gold", LONG)
    yield "reserve_request_id", pb.GetResultRequest(activity_id="gold", member_id="ann")
    yield "member_id", pb.GetResultRequest(activity_id="gold", reserve_request_id="one")
    yield "order_id", pb.GetOrderRequest(order_id="a" * 37)
    yield "member_id", pb.ListOrdersRequest()
    yield "member_id", pb.ListOrdersRequest(member_id="two words")
    yield "activity_id", pb.ListOrdersRequest(activity_id="No Id")
    yield "page_size", pb.ListOrdersRequest(member_id="ann", page_size=-1)
    yield "page_token", pb.ListOrdersRequest(member_id="ann", page_token="AAAA")


def bad_payments() -> Iterator[tuple[str, Any]]:
    yield "order_id", r.a_cancellation("")
    yield "reason", r.a_cancellation("one", reason=LONG)
    yield "request_id", r.a_cancellation("one", request_id="")
    yield "order_id", r.a_payment("two words")
    yield "payment_id", r.a_payment("one", payment_id="")
    yield "payment_id", r.a_payment("one", payment_id=LONG)
    yield "amount", r.a_payment("one", amount=None)
    yield "amount.currency", r.a_payment("one", amount=r.yuan(1, ""))
    yield "amount.amount_minor", r.a_payment("one", amount=r.yuan(10**12 + 1))
    yield "pay_time", r.a_payment("one", pay_time=FINE)


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has; answers are kept of what a use case refused."""
    found = MetaData()
    found.reflect(connection)
    return {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in found.tables.items()
        if name != "seckill_idempotency"
    }


async def test_every_bad_field_is_named_and_nothing_is_written(mesh: Mesh) -> None:
    before = await mesh.store.read(rows)
    wrong = []
    for field, request in cases():
        name = type(request).__name__.removesuffix("Request")
        error = await refusal(mesh.call(name, request))
        named = {violation.field for violation in error.violations}
        told = f"{error} {dict(error.metadata)} {error.violations}"
        leaks = any(inside in told for inside in INSIDES)
        if not isinstance(error, InvalidRequest) or field not in named or leaks:
            wrong.append(f"{name}.{field}: {told}")
    assert not wrong, "\n".join(wrong)
    assert await mesh.store.read(rows) == before


def test_every_method_has_its_bad_input() -> None:
    tried = {type(request).__name__.removesuffix("Request") for _, request in cases()}
    assert tried == set(PATHS) - {"WatchStock"}
