"""One effect and one answer for each request id (I5, I8)."""

from typing import Any

import pytest

from clients import InvalidRequest
from tests.wire.exchanges import Exchanges
from tests.wire.seckill.buying import refusal
from tests.wire.seckill.mesh import Mesh
from tests.wire.seckill.test_golden import METHODS

OTHER_BODY: dict[str, dict[str, Any]] = {
    "CreateActivity": {"activity_id": "another"},
    "UpdateActivity": {"expected_revision": 2},
    "PublishActivity": {"expected_revision": 3},
    "CloseActivity": {"activity_id": "another"},
    "ReserveUnit": {"quantity": 1},
    "CancelOrder": {"reason": "another whim"},
    "ConfirmPayment": {"payment_id": "another"},
}
LOOKS_ANEW = {"Reconcile"}
"""Writes only what it sees: every call may see something else."""


def test_every_write_is_tried(story: Exchanges[Mesh]) -> None:
    writes = {name for name in METHODS if hasattr(story.requests[name], "request_id")}
    assert writes == {*OTHER_BODY, *LOOKS_ANEW}


@pytest.mark.parametrize("name", OTHER_BODY)
async def test_the_same_request_is_answered_with_the_same_bytes(story: Exchanges[Mesh], name: str) -> None:
    """Long after: the activity has been changed and closed since."""
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
