"""Why something was asked for comes back wherever a reader looks for it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from domain.identity.facts import MemberAbsorbed, Recorded, TermReinstated, TermTerminated
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.identity.codec import decode_fact, encode_fact
from servers.identity.sql.tables import card
from servers.identity.wire import timelines
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from tests.wire.identity import requests as r
from tests.wire.identity.cards import CARD, MONTHLY
from tests.wire.identity.golden import SERVICES
from tests.wire.identity.mesh import START, Mesh
from tests.wire.identity.shopping import bought, granted, ordered, refunded

WHY = "她旅行去了" * 40
"""As long as the contract allows, and in more bytes than letters."""

Ask = Callable[[Mesh, str], Awaitable[object]]
"""Asks for something that concerns a member, and says WHY."""


async def _grant(mesh: Mesh, member: str) -> None:
    await mesh.identity.GrantTerm(r.a_grant(member, MONTHLY, reason=WHY))


async def _terminate(mesh: Mesh, member: str) -> None:
    term = await bought(mesh, member, MONTHLY)
    await mesh.identity.TerminateTerm(r.a_refund(member, term.term_id, reason=WHY))


async def _terminate_before_payment(mesh: Mesh, member: str) -> None:
    order = await ordered(mesh, member, MONTHLY)
    await mesh.identity.TerminateTerm(r.a_refund(member, order_id=order.order_id, reason=WHY))
    await mesh.identity.ConfirmPayment(r.a_payment(order))


async def _reinstate(mesh: Mesh, member: str) -> None:
    refund = await refunded(mesh, member, await bought(mesh, member, MONTHLY))
    await mesh.identity.ReinstateTerm(r.a_reinstatement(member, refund, reason=WHY))


async def _pause(mesh: Mesh, member: str) -> None:
    term = await granted(mesh, member, MONTHLY)
    await mesh.identity.PauseTerm(r.a_pause(member, term.term_id, reason=WHY))


async def _extend(mesh: Mesh, member: str) -> None:
    term = await granted(mesh, member, MONTHLY)
    await mesh.identity.ExtendTerm(r.an_extension(member, term.term_id, reason=WHY))


async def _merge(mesh: Mesh, member: str) -> None:
    merged = r.a_member()
    await granted(mesh, merged, MONTHLY)
    await mesh.identity.MergeMembers(r.a_merge(member, merged, reason=WHY))


ON_TIMELINES: dict[str, tuple[Ask, "identity.EventType.ValueType"]] = {
    "GrantTerm": (_grant, identity.EVENT_TYPE_TERM_PLACED),
    "TerminateTerm": (_terminate, identity.EVENT_TYPE_TERM_TERMINATED),
    "TerminateTerm before the payment": (_terminate_before_payment, identity.EVENT_TYPE_TERM_TERMINATED),
    "ReinstateTerm": (_reinstate, identity.EVENT_TYPE_TERM_REINSTATED),
    "PauseTerm": (_pause, identity.EVENT_TYPE_TERM_PAUSED),
    "ExtendTerm": (_extend, identity.EVENT_TYPE_TERM_PLACED),
    "MergeMembers": (_merge, identity.EVENT_TYPE_MEMBER_MERGED),
}
"""What is asked, and the kind of the event that tells of it."""
ELSEWHERE = {"CancelOrder", "VoidCards"}
"""Their reasons stand in the order and in the card: they are no events of a timeline."""


def test_every_reason_of_the_contract_is_looked_for_here() -> None:
    reasoned = {
        method.name
        for service in SERVICES
        for method in service.methods
        if "reason" in method.input_type.fields_by_name
    }
    assert reasoned == {name.split()[0] for name in ON_TIMELINES} | ELSEWHERE


@pytest.mark.parametrize("name", ON_TIMELINES)
async def test_the_reason_stands_in_the_event(mesh: Mesh, name: str) -> None:
    ask, kind = ON_TIMELINES[name]
    member = r.a_member()
    await ask(mesh, member)
    events = (await mesh.identity.ListEvents(pb.ListEventsRequest(member_id=member))).events
    *before, told = [event for event in events if event.type == kind]
    assert told.reason == WHY
    assert WHY not in [event.reason for event in before]


async def test_an_event_that_nobody_gave_a_reason_for_has_none(mesh: Mesh) -> None:
    member = r.a_member()
    await bought(mesh, member, MONTHLY)
    events = (await mesh.identity.ListEvents(pb.ListEventsRequest(member_id=member))).events
    assert [event.reason for event in events] == ["", ""]


def test_a_termination_of_before_the_column_says_it_itself() -> None:
    old = Recorded(TermTerminated("refund", (), "never wanted"), effective=0, recorded=0)
    assert timelines.event("ann", old).reason == "never wanted"


def test_facts_taken_in_before_the_column_are_read() -> None:
    """A merge keeps the other member's lines whole; those of before have no reason."""
    line = Recorded(TermReinstated("refund"), effective=0, recorded=0, reason=WHY)
    payload = encode_fact(MemberAbsorbed("bob", (line,)))
    older = payload.replace(f'"reason":"{WHY}",'.encode(), b"")
    assert decode_fact("MemberAbsorbed", payload) == MemberAbsorbed("bob", (line,))
    assert decode_fact("MemberAbsorbed", older) == MemberAbsorbed("bob", (replace(line, reason=""),))


async def test_a_cancelled_order_says_why_and_keeps_to_it(mesh: Mesh) -> None:
    order = await ordered(mesh, r.a_member(), MONTHLY)
    assert order.cancel_reason == ""
    for reason in (WHY, "another"):
        request = pb.CancelOrderRequest(request_id=r.new_id(), order_id=order.order_id, reason=reason)
        assert (await mesh.identity.CancelOrder(request)).order.cancel_reason == WHY
    found = await mesh.identity.GetOrder(pb.GetOrderRequest(order_id=order.order_id))
    assert found.order.cancel_reason == WHY


async def test_a_void_card_says_why_in_its_row(mesh: Mesh) -> None:
    made = await mesh.catalog.CreateCardBatch(r.a_batch(CARD, START.replace(year=2028), count=3))
    await mesh.identity.RedeemCard(r.a_redemption(r.a_member(), made.codes[0]))
    await mesh.catalog.VoidCards(r.a_voiding([made.codes[1]], reason=WHY))
    await mesh.catalog.VoidCards(r.a_voiding(batch_id=made.batch.batch_id, reason="the rest"))
    engine = blocking_engine(StoreConfig(mesh.store_url))
    assert _reasons(engine, made.batch.batch_id) == [("REDEEMED", ""), ("VOID", "the rest"), ("VOID", WHY)]
    engine.dispose()


def _reasons(engine: Engine, batch_id: str) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(select(card.c.state, card.c.void_reason).where(card.c.batch_id == batch_id))
        return sorted((state, reason) for state, reason in rows)
