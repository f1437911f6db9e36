"""Bad input: the answer names the field, nothing is written, nothing of ours leaks."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Connection, MetaData, func, select

from clients import InvalidRequest
from nectary.honey.v1 import calendar_pb2 as calendar
from nectary.honey.v1 import earning_service_pb2 as earning
from nectary.honey.v1 import honey_pb2 as honey
from nectary.honey.v1 import liability_service_pb2 as liability
from nectary.honey.v1 import task_service_pb2 as tasks
from nectary.honey.v1 import tier_service_pb2 as tiers
from nectary.honey.v1 import wallet_service_pb2 as pb
from tests.wire.honey import requests as r
from tests.wire.honey.events import a_recording, a_refund, an_evaluation, an_event, an_order
from tests.wire.honey.mesh import PATHS, Mesh, the_rules
from tests.wire.honey.points import refusal
from tests.wire.honey.spoilt_rules import spoilt_examples

INSIDES = ("Traceback", "sqlalchemy", "sqlite", "mysql", "SELECT", "INSERT", "UPDATE", "honey_", ".py")
LONG = "a" * 5_000
TOO_MANY = 2**53
FINE = Timestamp(seconds=1_900_000_000, nanos=1)
"""Finer than a microsecond."""


def cases() -> Iterator[tuple[str, Any]]:
    """The field that is wrong, and the request."""
    yield from bad_points()
    yield from bad_batches()
    yield from bad_moments()
    yield from bad_names()
    yield from bad_lists()
    yield from bad_rules()
    yield from bad_events()


def bad_points() -> Iterator[tuple[str, Any]]:
    for points in (0, -1, TOO_MANY, 2**63 - 1):
        yield "points", r.an_earning("ann", points)
        yield "points", r.a_spend("ann", points)
        yield "points", r.a_hold("ann", points)
        yield "points", r.a_transfer("ann", "bob", points)
    for points in (-1, TOO_MANY):
        yield "points", r.a_confirmation("ann", "one", points)
        yield "points", r.a_reversal("ann", "one", points)
    for points in (0, TOO_MANY, -TOO_MANY, -(2**63)):
        yield "points", r.an_adjustment("ann", points)


def bad_batches() -> Iterator[tuple[str, Any]]:
    yield "postings", r.a_batch()
    yield "postings", r.a_batch(*[r.a_spend("ann")] * 501)
    yield "postings[1].spend.points", r.a_batch(r.an_earning("ann"), r.a_spend("ann", 0))
    yield "postings[0].post", pb.BatchPostRequest(postings=[pb.Posting()])


def bad_moments() -> Iterator[tuple[str, Any]]:
    yield "active_time", r.an_earning("ann", active_time=FINE)
    yield "expire_time", r.an_earning("ann", expire_time=FINE)
    yield "expire_time", r.an_earning("ann", expire_time=r.later(hours=-1))
    yield "expire_time", r.an_earning("ann", active_time=r.later(days=1), expire_time=r.later(days=1))
    yield "sliding.count", r.an_earning("ann", sliding=r.days(0))
    yield "sliding", r.an_earning("ann", sliding=r.days(36_601))
    yield "sliding", r.an_earning("ann", sliding=calendar.Period(count=48, unit=calendar.PERIOD_UNIT_HOUR))
    yield "sliding", r.an_earning("ann", sliding=r.days(1), expire_time=r.later(days=1))
    yield "expire_time", r.a_hold("ann", expire_time=r.later())
    yield "expire_time", r.a_hold("ann", expire_time=r.later(days=31))
    yield "expire_time", r.an_adjustment("ann", -1, expire_time=r.later(days=1))
    yield "expire_time", r.an_adjustment(merchant_id="shop", expire_time=r.later(days=1))
    yield "expire_time", r.a_reinstatement("ann", "one", expire_time=r.later())
    yield "expire_time", r.a_reinstatement("ann", "one", expire_time=None)
    yield "as_of", pb.GetBalanceRequest(**r.of("ann", as_of=r.later(seconds=1)))
    yield "end_time", pb.GetStatementRequest(**r.of("ann", end_time=r.later(seconds=1)))
    yield "start_time", pb.GetStatementRequest(**r.of("ann", start_time=r.later(seconds=1)))


def bad_names() -> Iterator[tuple[str, Any]]:
    for request in (r.an_earning, r.a_spend, r.a_hold, r.an_adjustment):
        yield "programme_id", request("ann", 1, programme_id="Honey")
        yield "request_id", request("ann", 1, request_id="")
        yield "member_id", request("two words", 1)
        yield "cause", request("ann", 1, cause=LONG)
        yield "reason", request("ann", 1, reason=LONG)
    yield "priority", r.an_earning("ann", priority=101)
    yield "merchant_id", r.an_earning("ann", merchant_id=LONG)
    yield "merchant_id", r.a_spend("ann", merchant_id="two words")
    yield "reason", r.an_adjustment("ann", reason="")
    yield "member_id", r.an_adjustment("")
    yield "member_id", r.an_adjustment("ann", merchant_id="shop")
    yield "hold_id", r.a_confirmation("ann", "")
    yield "hold_id", r.a_release("ann", LONG)
    yield "reversed_transaction_id", r.a_reversal("ann", "")
    yield "lot_id", r.a_reinstatement("ann", "")
    yield "reason", r.a_reinstatement("ann", "one", reason="")
    yield "target_member_id", r.a_transfer("ann", "")
    yield "target_member_id", r.a_transfer("ann", "ann")


def bad_lists() -> Iterator[tuple[str, Any]]:
    for kind in (
        pb.GetBalanceRequest,
        pb.ListLotsRequest,
        pb.ListTransactionsRequest,
        pb.GetStatementRequest,
        pb.VerifyStatementRequest,
    ):
        yield "member_id", kind(**r.of(""))
        yield "member_id", kind(**r.of("ann", merchant_id="shop"))
    for kind in (pb.ListLotsRequest, pb.ListTransactionsRequest):
        yield "page_size", kind(**r.of("ann", page_size=-1))
        yield "page_token", kind(**r.of("ann", page_token="AAAA"))
    yield "programme_id", liability.GetLiabilityRequest(programme_id="Honey")
    for months in (-1, 61):
        yield "months", liability.GetLiabilityRequest(programme_id="honey", months=months)
    yield "version", pb.VerifyStatementRequest(**r.of("ann", version=-1))
    yield "link", pb.VerifyStatementRequest(**r.of("ann", link=bytes(33)))


def bad_rules() -> Iterator[tuple[str, Any]]:
    def applied(*programmes: honey.Programme, **more: Any) -> earning.ApplyRulesRequest:
        rules = the_rules()
        rules.programmes.extend(programmes)
        told: dict[str, Any] = {"request_id": r.new_id(), "rules": rules}
        return earning.ApplyRulesRequest(**told | more)

    bad = "rules.programmes[3]"
    yield "rules", applied(rules=None)
    yield f"{bad}.programme_id", applied(honey.Programme(programme_id="Honey"))
    yield f"{bad}.programme_id", applied(honey.Programme(programme_id="honey"))
    yield f"{bad}.zone", applied(honey.Programme(programme_id="new", zone="Asia/Atlantis"))
    yield f"{bad}.longest_hold", applied(honey.Programme(programme_id="new", longest_hold=Duration()))
    yield f"{bad}.held_expiry", applied(honey.Programme(programme_id="new", held_expiry=9))  # type: ignore[arg-type]
    waives = honey.Programme(programme_id="new", shortfall=honey.SHORTFALL_WAIVE)
    yield f"{bad}.waive_budget", applied(waives)
    yield "rules.programmes", applied(rules=honey.Rules())
    for path, spoilt in spoilt_examples("new"):
        yield f"{bad}.{path}", applied(spoilt)
    yield "expected_revision", applied(expected_revision=-1)
    yield "revision", earning.GetRulesRequest(revision=-1)


def bad_events() -> Iterator[tuple[str, Any]]:
    for ask in (a_recording, an_evaluation):
        yield "event", ask("ann", None)  # type: ignore[arg-type]  # as if it had been forgotten
        yield "member_id", ask("two words", an_event())
        yield "event.event_id", ask("ann", an_event("two words"))
        yield "event.scene", ask("ann", an_event(scene=""))
        yield "event.scene", ask("ann", an_event(scene="no.such"))
        yield "event.event_time", ask("ann", an_event(event_time=None))
        yield "event.event_time", ask("ann", an_event(event_time=r.later(minutes=6)))
        yield "event.event_time", ask("ann", an_event(event_time=FINE))
        yield "event.order_time", ask("ann", an_order(5, order_time=r.later(seconds=1)))
        yield "event.currency", ask("ann", an_order(5, currency="yuan"))
        yield "event.currency", ask("ann", an_order(5, currency=""))
        yield "event.items", ask("ann", an_order(*[1] * 3, items=[pb_item(str(n)) for n in range(101)]))
        yield "event.items[1].item_id", ask("ann", an_order(items=[pb_item("a"), pb_item("a")]))
        yield "event.spend_transaction_id", ask("ann", an_order(5, spent=3))
        for paid in (-1, 10**12 + 1, TOO_MANY):
            yield "event.items[0].paid_minor", ask("ann", an_order(paid))
    for kind, more in ((tasks.ListTasksRequest, {}), (tasks.GetTaskRequest, {"task_id": "rides"})):
        yield "programme_id", kind(**r.of("ann", programme_id="Honey") | more)
        yield "member_id", kind(**r.of("") | more)
        yield "page_size", kind(**r.of("ann", page_size=-1) | more)
        yield "page_token", kind(**r.of("ann", page_token="AAAA") | more)
    yield "member_id", tiers.GetTierRequest(**r.of(""))
    yield "as_of", tiers.GetTierRequest(**r.of("ann", as_of=r.later(seconds=1)))
    for points in (0, -1, TOO_MANY):
        yield "points", tiers.PreviewTierRequest(**r.of("ann", points=points))
    yield "task_id", tasks.GetTaskRequest(**r.of("ann", task_id="two words"))
    yield "refunds", a_refund("one", {})
    yield "refunds[0].item_id", a_refund("one", {"two words": 1})
    yield "order_id", a_refund("", {"a": 1})
    for paid in (-1, TOO_MANY):
        yield "refunds[0].amount_minor", a_refund("one", {"a": paid})


def pb_item(name: str) -> earning.OrderItem:
    return earning.OrderItem(item_id=name, paid_minor=1)


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has; answers are kept of what a use case refused."""
    found = MetaData()
    found.reflect(connection)
    return {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in found.tables.items()
        if name != "honey_idempotency"
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
    assert tried == set(PATHS)
