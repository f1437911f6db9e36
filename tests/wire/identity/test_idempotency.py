"""One effect and one answer for each request id (F-31)."""

from datetime import timedelta
from typing import Any

import pytest

from clients import InvalidRequest, NectaryError, Raced, Refused
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.wire.identity import requests as r
from tests.wire.identity.cards import CLUB, MONTHLY
from tests.wire.identity.golden import METHODS, PATHS, Story
from tests.wire.identity.mesh import START, Mesh
from tests.wire.identity.shopping import bought, granted, refunded, timeline_of

OTHER_BODY: dict[str, dict[str, Any]] = {
    "ApplyCatalog": {"expected_revision": 1},
    "CreateCardBatch": {"count": 3},
    "VoidCards": {"reason": "stolen"},
    "CreateOrder": {"source": "elsewhere"},
    "ConfirmPayment": {"payment_id": "another"},
    "CancelOrder": {"reason": "another whim"},
    "GrantTerm": {"reason": "because"},
    "RedeemCard": {"member_id": "eve"},
    "TerminateTerm": {"share_ppm": 1},
    "ReinstateTerm": {"reason": "because"},
    "PauseTerm": {"reason": "because"},
    "ResumeTerm": {"term_id": "another"},
    "ExtendTerm": {"reason": "because"},
    "MergeMembers": {"survivor_member_id": "eve"},
    "RecordAttention": {"attentions": [pb.Attention(spu_id="gold", views=1)]},
}


def test_every_write_is_tried(story: Story) -> None:
    writes = {name for name in METHODS if hasattr(story.requests[name], "request_id")}
    assert writes == set(OTHER_BODY)


@pytest.mark.parametrize("name", OTHER_BODY)
async def test_the_same_request_is_answered_with_the_same_bytes(story: Story, name: str) -> None:
    """Long after: what it asked for has been changed, refunded and merged since."""
    before = await timeline_of(story.mesh, "ann")
    again = await story.mesh.call(PATHS[name], story.requests[name])
    if name == "CreateCardBatch":
        assert story.answers[name].startswith(again), "all but the codes, which nobody knows any more"
    else:
        assert again == story.answers[name]
    assert await timeline_of(story.mesh, "ann") == before


@pytest.mark.parametrize("name", OTHER_BODY)
async def test_the_same_id_with_another_body_is_refused(story: Story, name: str) -> None:
    request = type(story.requests[name])()
    request.CopyFrom(story.requests[name])
    for field, value in OTHER_BODY[name].items():
        request.ClearField(field)
        request.MergeFrom(type(request)(**{field: value}))
    with pytest.raises(InvalidRequest, match=r"^IDEMPOTENCY_KEY_REUSED:") as caught:
        await story.mesh.call(PATHS[name], request)
    assert caught.value.metadata == {"request_id": request.request_id}
    assert [violation.field for violation in caught.value.violations] == ["request_id"]


async def test_the_same_id_for_another_method_is_refused(mesh: Mesh) -> None:
    member = r.a_member()
    term = await granted(mesh, member, MONTHLY)
    pause = r.a_pause(member, term.term_id)
    await mesh.identity.PauseTerm(pause)
    resume = r.a_resumption(member, term.term_id, request_id=pause.request_id)
    with pytest.raises(InvalidRequest, match=r"^IDEMPOTENCY_KEY_REUSED:"):
        await mesh.identity.ResumeTerm(resume)


def _told(error: NectaryError) -> tuple[object, ...]:
    return error.code, error.reason, error.message, dict(error.metadata), error.violations


async def test_a_refusal_by_a_rule_is_repeated_even_when_the_rule_is_satisfied(mesh: Mesh) -> None:
    member = r.a_member()
    term = await bought(mesh, member, CLUB)
    request = r.a_grant(member, CLUB)
    refusals = []
    for _ in range(2):
        with pytest.raises(Refused, match=r"^RELATION_REJECTS:") as caught:
            await mesh.identity.GrantTerm(request)
        refusals.append(_told(caught.value))
        await refunded(mesh, member, term)
    assert refusals[0] == refusals[1]
    request.request_id = r.new_id()
    await mesh.identity.GrantTerm(request)


async def test_a_lost_race_leaves_the_id_usable(mesh: Mesh) -> None:
    order = (await mesh.identity.CreateOrder(r.an_order(r.a_member(), MONTHLY))).order
    payment = r.a_payment(order)
    await mesh.at(START + timedelta(hours=1))
    with pytest.raises(Raced, match=r"^STALE_PREVIEW:"):
        await mesh.identity.ConfirmPayment(payment)
    await mesh.at(START)
    assert (await mesh.identity.ConfirmPayment(payment)).order.order_id == order.order_id


async def test_an_answer_is_kept_for_thirty_days(mesh: Mesh) -> None:
    member = r.a_member()
    request = r.a_grant(member, MONTHLY)
    first = await mesh.call(PATHS["GrantTerm"], request)
    await mesh.at(START + timedelta(days=30) - timedelta(microseconds=1))
    assert await mesh.call(PATHS["GrantTerm"], request) == first
