"""HO-4: one effect and one answer for each request id, however many ask at once."""

import asyncio
from typing import Any

import pytest

from clients import InvalidRequest
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
    assert len(await transactions(mesh, member)) == 2


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
