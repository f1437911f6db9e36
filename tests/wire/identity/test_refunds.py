"""Ending a term, and undoing that."""

from datetime import timedelta
from typing import Any

import pytest

from clients import InvalidRequest, NotFound, Refused
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.wire.identity import requests as r
from tests.wire.identity.cards import FENGXIANG, MONTHLY, PASS, STUDENT, TRIAL
from tests.wire.identity.mesh import START, Mesh
from tests.wire.identity.shopping import bought, granted, ordered, refunded, timeline_of

DAY = timedelta(days=1)
KEEP = identity.PARTIAL_REFUND_MODE_KEEP


async def test_what_a_preview_of_a_refund_says_is_what_the_refund_does(mesh: Mesh) -> None:
    member = r.a_member()
    first, _, third = [await bought(mesh, member, MONTHLY) for _ in range(3)]
    await mesh.at(START + 10 * DAY)
    asked = pb.PreviewTerminationRequest(member_id=member, term_id=first.term_id, share_ppm=400_000)
    before = await timeline_of(mesh, member)
    preview = await mesh.identity.PreviewTermination(asked)
    assert await timeline_of(mesh, member) == before
    ended = await mesh.identity.TerminateTerm(r.a_refund(member, first.term_id, share_ppm=400_000))
    assert ended.effect == preview.effect
    assert third.term_id in [move.term_id for move in ended.effect.moves]
    assert ended.timeline == await timeline_of(mesh, member)


async def test_a_refund_id_is_refunded_once_whatever_the_request_id(mesh: Mesh) -> None:
    member = r.a_member()
    term = await bought(mesh, member, MONTHLY)
    await mesh.at(START + DAY)
    refund = r.a_refund(member, term.term_id, share_ppm=500_000)
    first = await mesh.identity.TerminateTerm(refund)
    await mesh.at(START + 2 * DAY)
    refund.request_id = r.new_id()
    again = await mesh.identity.TerminateTerm(refund)
    assert again.effect == first.effect
    assert again.timeline.version == first.timeline.version


@pytest.mark.parametrize(
    "other",
    [{"share_ppm": 1}, {"partial_mode": KEEP, "share_ppm": 1}, {"effective_time": r.ts(START + 3 * DAY)}],
    ids=["another share", "another mode", "another moment"],
)
async def test_a_refund_id_means_one_refund(mesh: Mesh, other: dict[str, Any]) -> None:
    member = r.a_member()
    term = await bought(mesh, member, MONTHLY)
    refund = r.a_refund(member, term.term_id)
    await mesh.identity.TerminateTerm(refund)
    with pytest.raises(Refused, match=r"^REFUND_ID_REUSED:") as caught:
        await mesh.identity.TerminateTerm(
            r.a_refund(member, term.term_id, refund_id=refund.refund_id, **other)
        )
    assert caught.value.metadata == {"refund_id": refund.refund_id}


async def test_a_paid_order_is_refunded_by_its_id(mesh: Mesh) -> None:
    member = r.a_member()
    order = (await mesh.identity.CreateOrder(r.an_order(member, MONTHLY))).order
    term = (await mesh.identity.ConfirmPayment(r.a_payment(order))).term
    ended = await mesh.identity.TerminateTerm(r.a_refund(member, order_id=order.order_id))
    assert [cut.term_id for cut in ended.effect.terminations] == [term.term_id]
    assert ended.effect.terminations[0].refund == order.payable
    assert not ended.waits_for_payment


async def test_a_refund_before_its_payment_waits_and_is_made_with_it(mesh: Mesh) -> None:
    """ID-3: the same timeline as payment first, refund second."""
    member = r.a_member()
    order = (await mesh.identity.CreateOrder(r.an_order(member, MONTHLY))).order
    refund = r.a_refund(member, order_id=order.order_id, share_ppm=250_000)
    waiting = await mesh.identity.TerminateTerm(refund)
    assert waiting.waits_for_payment
    assert not waiting.HasField("effect")
    refund.request_id = r.new_id()
    assert await mesh.identity.TerminateTerm(refund) == waiting
    with pytest.raises(Refused, match=r"^REFUND_ID_REUSED:"):
        await mesh.identity.TerminateTerm(
            r.a_refund(member, order_id=order.order_id, refund_id=refund.refund_id)
        )
    paid = await mesh.identity.ConfirmPayment(r.a_payment(order))
    assert paid.term.refunded == r.yuan(725)
    assert _lengths(paid.term) == [timedelta(days=31) * 0.75]


async def test_a_refund_id_waits_for_one_payment_only(mesh: Mesh) -> None:
    member, other_member = r.a_member(), r.a_member()
    order, other = [await ordered(mesh, member, MONTHLY) for _ in range(2)]
    term = await bought(mesh, member, PASS)
    refund = r.a_refund(member, order_id=order.order_id)
    assert (await mesh.identity.TerminateTerm(refund)).waits_for_payment
    for elsewhere in ({"order_id": other.order_id}, {"term": term.term_id}):
        with pytest.raises(Refused, match=r"^REFUND_ID_REUSED:") as caught:
            await mesh.identity.TerminateTerm(r.a_refund(member, **elsewhere, refund_id=refund.refund_id))
        assert caught.value.metadata == {"refund_id": refund.refund_id}
    # Another member's refunds have ids of their own.
    strangers = await ordered(mesh, other_member, MONTHLY)
    theirs = r.a_refund(other_member, order_id=strangers.order_id, refund_id=refund.refund_id)
    assert (await mesh.identity.TerminateTerm(theirs)).waits_for_payment
    paid = await mesh.identity.ConfirmPayment(r.a_payment(order))
    assert paid.term.state == identity.TERM_STATE_REFUNDED
    again = r.a_refund(member, paid.term.term_id, refund_id=refund.refund_id)
    [made] = (await mesh.identity.TerminateTerm(again)).effect.terminations
    assert made.term_id == paid.term.term_id


def _lengths(term: identity.Term) -> list[timedelta]:
    return [r.moment(segment.end_time) - r.moment(segment.start_time) for segment in term.segments]


async def test_a_refund_that_waited_can_release_the_trial(mesh: Mesh) -> None:
    member = r.a_member()
    order = (await mesh.identity.CreateOrder(r.an_order(member, TRIAL))).order
    waiting = r.a_refund(member, order_id=order.order_id, release_trial=True)
    await mesh.identity.TerminateTerm(waiting)
    await mesh.identity.ConfirmPayment(r.a_payment(order))
    await bought(mesh, member, TRIAL)


async def test_a_cancelled_order_takes_no_refund(mesh: Mesh) -> None:
    member = r.a_member()
    order = (await mesh.identity.CreateOrder(r.an_order(member, MONTHLY))).order
    await mesh.identity.CancelOrder(pb.CancelOrderRequest(request_id=r.new_id(), order_id=order.order_id))
    with pytest.raises(Refused, match=r"^ORDER_STATE_WRONG:"):
        await mesh.identity.TerminateTerm(r.a_refund(member, order_id=order.order_id))


async def test_a_members_refund_reaches_no_other_members_order_or_term(mesh: Mesh) -> None:
    owner, other = r.a_member(), r.a_member()
    order = (await mesh.identity.CreateOrder(r.an_order(owner, MONTHLY))).order
    term = (await mesh.identity.ConfirmPayment(r.a_payment(order))).term
    with pytest.raises(NotFound, match=r"^ORDER_NOT_FOUND:"):
        await mesh.identity.TerminateTerm(r.a_refund(other, order_id=order.order_id))
    with pytest.raises(NotFound, match=r"^TERM_NOT_FOUND:"):
        await mesh.identity.TerminateTerm(r.a_refund(other, term.term_id))
    with pytest.raises(NotFound, match=r"^TERM_NOT_FOUND:"):
        await mesh.identity.PreviewTermination(
            pb.PreviewTerminationRequest(member_id=other, term_id=term.term_id)
        )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"term_id": "t", "order_id": "o"}, "term_id"),
        ({"term_id": ""}, "term_id"),
        ({"partial_mode": KEEP}, "partial_mode"),
        ({"partial_mode": KEEP, "share_ppm": 1_000_000}, "partial_mode"),
    ],
    ids=["a term and an order", "neither", "all of it kept", "a whole share kept"],
)
async def test_a_refund_that_contradicts_itself_is_refused(
    mesh: Mesh, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await mesh.identity.TerminateTerm(r.a_refund(r.a_member(), **{"term_id": "t", **wrong}))
    assert [violation.field for violation in caught.value.violations] == [field]


async def test_money_can_be_given_back_without_time(mesh: Mesh) -> None:
    member = r.a_member()
    term = await bought(mesh, member, MONTHLY)
    kept = r.a_refund(member, term.term_id, share_ppm=100_000, partial_mode=KEEP)
    ended = await mesh.identity.TerminateTerm(kept)
    [cut] = ended.effect.terminations
    assert cut.refund == r.yuan(290)
    assert cut.before == cut.after
    [after] = (await timeline_of(mesh, member)).terms
    assert after.refunded == r.yuan(290)


async def test_a_future_refund_leaves_the_term_live_until_then(mesh: Mesh) -> None:
    member = r.a_member()
    term = await bought(mesh, member, MONTHLY)
    at = START + 5 * DAY
    ended = await mesh.identity.TerminateTerm(r.a_refund(member, term.term_id, effective_time=r.ts(at)))
    [live] = ended.timeline.terms
    assert live.state == identity.TERM_STATE_ACTIVE
    assert r.moment(live.segments[0].end_time) == at
    await mesh.at(at)
    [over] = (await timeline_of(mesh, member)).terms
    assert over.state == identity.TERM_STATE_REFUNDED


async def test_a_prerequisites_refund_takes_its_dependent_along(mesh: Mesh) -> None:
    member = r.a_member()
    gold = await bought(mesh, member, MONTHLY)
    await mesh.at(START + DAY)
    fengxiang = await bought(mesh, member, FENGXIANG)
    refund = r.a_refund(member, gold.term_id, effective_time=r.ts(START), reason="never wanted")
    ended = await mesh.identity.TerminateTerm(refund)
    assert [cut.term_id for cut in ended.effect.terminations] == [gold.term_id, fengxiang.term_id]
    undone = await mesh.identity.ReinstateTerm(r.a_reinstatement(member, refund.refund_id))
    assert {move.term_id for move in undone.moves} == {gold.term_id, fengxiang.term_id}
    assert {term.state for term in undone.timeline.terms} == {identity.TERM_STATE_ACTIVE}


async def test_undoing_a_refund_is_as_if_it_had_never_been(mesh: Mesh) -> None:
    """ID-5, and undoing it twice changes nothing."""
    member = r.a_member()
    terms = [await bought(mesh, member, MONTHLY) for _ in range(3)]
    before = await timeline_of(mesh, member)
    refund_id = await refunded(mesh, member, terms[1])
    undone = await mesh.identity.ReinstateTerm(r.a_reinstatement(member, refund_id))
    assert (undone.timeline.lanes, undone.timeline.terms) == (before.lanes, before.terms)
    assert [move.term_id for move in undone.moves] == [term.term_id for term in terms[1:]]
    again = await mesh.identity.ReinstateTerm(r.a_reinstatement(member, refund_id))
    assert not again.moves
    assert again.timeline == undone.timeline


async def test_a_refund_is_not_undone_against_a_rule(mesh: Mesh) -> None:
    member = r.a_member()
    term = await granted(mesh, member, "gold_annual")
    refund_id = await refunded(mesh, member, term)
    await granted(mesh, member, STUDENT)
    with pytest.raises(Refused, match=r"^REINSTATEMENT_BLOCKED:") as caught:
        await mesh.identity.ReinstateTerm(r.a_reinstatement(member, refund_id))
    assert caught.value.metadata["rule_id"] == "student_or_annual"


async def test_an_unknown_refund_is_not_found(mesh: Mesh) -> None:
    with pytest.raises(NotFound, match=r"^REFUND_NOT_FOUND:"):
        await mesh.identity.ReinstateTerm(r.a_reinstatement(r.a_member(), "no-such"))
