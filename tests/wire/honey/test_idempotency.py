"""HO-4: one effect and one answer for each request id, however many ask at once."""

import asyncio
from typing import Any

import pytest

from clients import InvalidRequest
from nectary.honey.v1 import wallet_service_pb2 as pb
from tests.wire.exchanges import Exchanges
from tests.wire.honey import requests as r
from tests.wire.honey.mesh import Mesh
from tests.wire.honey.points import balance, earned, refusal, transactions
from tests.wire.honey.test_golden import METHODS

OTHER_BODY: dict[str, dict[str, Any]] = {
    "ApplyRules": {"reason": "another"},
    "EarnPoints": {"points": 301},
    "SpendPoints": {"points": 41},
    "HoldPoints": {"points": 121},
    "ConfirmHold": {"points": 99},
    "ReleaseHold": {"reason": "another"},
    "ReversePoints": {"points": 14},
    "AdjustPoints": {"points": 999},
    "TransferPoints": {"points": 24},
    "ReinstatePoints": {"points": 4},
    "RecordEvent": {"member_id": "another"},
    "RefundOrderItems": {"reason": "another"},
}


def test_every_write_is_tried(story: Exchanges[Mesh]) -> None:
    writes = {name for name in METHODS if hasattr(story.requests[name], "request_id")}
    assert writes == set(OTHER_BODY)


@pytest.mark.parametrize("name", OTHER_BODY)
async def test_the_same_request_is_answered_with_the_same_bytes(story: Exchanges[Mesh], name: str) -> None:
    """Long after: the wallet has moved on since."""
    assert await story.mesh.call(name, story.requests[name]) == story.answers[name]


@pytest.mark.parametrize("name", OTHER_BODY)
async def test_the_same_id_with_another_body_is_refused(story: Exchanges[Mesh], name: str) -> None:
    request = type(story.requests[name])()
    request.CopyFrom(story.requests[name])
    for field, value in OTHER_BODY[name].items():
        setattr(request, field, value)
    error = await refusal(story.mesh.call(name, request))
    assert isinstance(error, InvalidRequest)
    assert (error.reason, error.metadata) == ("IDEMPOTENCY_KEY_REUSED", {"request_id": request.request_id})
    assert [violation.field for violation in error.violations] == ["request_id"]


async def test_the_same_request_64_times_at_once_is_done_once(mesh: Mesh) -> None:
    member = r.a_member()
    request = r.an_earning(member, 7)
    answers = await asyncio.gather(*(mesh.call("EarnPoints", request) for _ in range(64)))
    assert len(set(answers)) == 1
    assert (await balance(mesh, member)).earned_points == 7
    assert len(await transactions(mesh, member)) == 1


async def test_a_batch_is_done_once_and_so_is_each_of_its_postings(mesh: Mesh) -> None:
    """Whether it is sent alone before, or after, or again with others."""
    ann, bob = r.a_member(), r.a_member()
    alone, first, second = r.an_earning(ann, 5), r.an_earning(bob, 7), r.a_spend(bob, 3)
    before = await mesh.wallets.EarnPoints(alone)
    batch = r.a_batch(alone, first, second)
    answer = await mesh.call("BatchPost", batch)
    assert await mesh.call("BatchPost", batch) == answer
    outcomes = pb.BatchPostResponse.FromString(answer).outcomes
    assert outcomes[0].earned == before
    assert await mesh.wallets.SpendPoints(second) == outcomes[2].spent
    other = r.an_earning(ann, 6, request_id=alone.request_id)
    [outcome] = (await mesh.wallets.BatchPost(r.a_batch(other))).outcomes
    assert outcome.refusal.reason == "IDEMPOTENCY_KEY_REUSED"
    assert (await balance(mesh, ann)).earned_points == 5
    assert (await balance(mesh, bob)).active_points == 4


async def test_a_posting_that_is_refused_leaves_the_others_alone(mesh: Mesh) -> None:
    """They are done in their order: what is earned first can be spent."""
    member = r.a_member()
    too_much, undone = r.a_spend(member, 9), r.a_reversal(member, "none")
    batch = r.a_batch(r.an_earning(member, 5), too_much, r.a_spend(member, 4), undone)
    outcomes = (await mesh.wallets.BatchPost(batch)).outcomes
    became = [outcome.WhichOneof("outcome") for outcome in outcomes]
    assert became == ["earned", "refusal", "spent", "refusal"]
    refused = outcomes[1].refusal
    assert (refused.reason, refused.retryable) == ("INSUFFICIENT_POINTS", False)
    assert dict(refused.metadata) == {"wanted": "9", "active": "5"}
    assert outcomes[3].refusal.reason == "TRANSACTION_NOT_FOUND"
    alone = await refusal(mesh.wallets.SpendPoints(too_much))
    assert (alone.reason, alone.message) == (refused.reason, refused.message)


async def test_64_holds_at_once_never_pin_a_point_twice(mesh: Mesh) -> None:
    """HO-5: of 100 points ten times ten are held, and 54 callers are told that there are no more."""
    member = r.a_member()
    for points in (35, 65):
        await earned(mesh, member, points)
    holds = [mesh.wallets.HoldPoints(r.a_hold(member, 10)) for _ in range(64)]
    outcomes = await asyncio.gather(*holds, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert {getattr(error, "reason", repr(error)) for error in refused} == {"INSUFFICIENT_POINTS"}
    assert len(refused) == 54
    pinned: dict[str, int] = {}
    for outcome in outcomes:
        if not isinstance(outcome, BaseException):
            for part in outcome.lots:
                pinned[part.lot_id] = pinned.get(part.lot_id, 0) + part.points
    assert sorted(pinned.values()) == [35, 65]


async def test_a_refusal_is_repeated_though_points_have_come_since(mesh: Mesh) -> None:
    member = r.a_member()
    request = r.a_spend(member, 5)
    first = await refusal(mesh.wallets.SpendPoints(request))
    await earned(mesh, member, 5)
    again = await refusal(mesh.wallets.SpendPoints(request))
    assert (again.reason, again.metadata) == (first.reason, first.metadata)
    assert first.metadata == {"wanted": "5", "active": "0"}
