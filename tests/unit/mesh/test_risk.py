"""The slot for the limiter: what is put before it, and what its answers and its silence mean."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import grpc
import pytest

from domain.shared.errors import Throttled
from nectary.risk.v1 import policy_pb2 as risk
from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.call import Call
from servers.mesh.contract import method_of
from servers.mesh.interceptors.risk import Decision, NotLimited, Risk
from servers.mesh.subjects import Subject

LOOK = method_of("/nectary.testing.v1.EchoService/Look", {})
REQUEST = pb.LookRequest(member_id="m1", seats=[pb.Seat(member_id="m2")])


class Scripted:
    """A limiter that answers, or fails, as it is told."""

    def __init__(self, answer: Decision | Exception) -> None:
        self._answer = answer
        self.asked: list[tuple[list[str], str, int]] = []

    async def decide(
        self, subjects: Sequence[Subject], scene: str, cost: int, failure_class: risk.FailureClass.ValueType
    ) -> Decision:
        self.asked.append(([subject.value for subject in subjects], scene, cost))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def outcome(limiter: Scripted | NotLimited, failure_class: risk.FailureClass.ValueType) -> str:
    async def handler(call: Call) -> str:
        return "handled"

    behaviour = Risk(limiter).wrap(replace(LOOK, failure_class=failure_class, cost=3), handler)
    call = Call(LOOK, cast("grpc.aio.ServicerContext[Any, Any]", None), "r1")
    call.request = REQUEST
    return str(await behaviour(call))


async def test_scene_cost_and_subjects_come_from_the_contract() -> None:
    limiter = Scripted(Decision(allowed=True))
    assert await outcome(limiter, risk.FAILURE_CLASS_BOUNDED) == "handled"
    assert limiter.asked == [(["m1", "m2"], "testing.look", 3)]


async def test_a_refusal_says_when_to_come_back_and_which_limit_it_was() -> None:
    limiter = Scripted(Decision(allowed=False, retry_after_ms=700, evidence="member:5/s"))
    with pytest.raises(Throttled) as caught:
        await outcome(limiter, risk.FAILURE_CLASS_OPEN)
    assert caught.value.retry_after_ms == 700
    assert caught.value.metadata == {"limit": "member:5/s"}


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionError()])
async def test_a_limiter_that_does_not_answer_lets_the_failure_class_decide(error: Exception) -> None:
    assert await outcome(Scripted(error), risk.FAILURE_CLASS_OPEN) == "handled"
    with pytest.raises(Throttled):
        await outcome(Scripted(error), risk.FAILURE_CLASS_CLOSED)


async def test_without_a_limiter_everything_is_admitted_and_said_to_be_so() -> None:
    limiter = NotLimited()
    assert await outcome(limiter, risk.FAILURE_CLASS_CLOSED) == "handled"
    assert (await limiter.decide([], "x", 1, risk.FAILURE_CLASS_CLOSED)).evidence == "not limited"


async def test_a_cancelled_call_is_not_mistaken_for_a_silent_limiter() -> None:
    class Endless(Scripted):
        async def decide(
            self,
            subjects: Sequence[Subject],
            scene: str,
            cost: int,
            failure_class: risk.FailureClass.ValueType,
        ) -> Decision:
            await asyncio.sleep(60)
            raise AssertionError("nobody waits so long")

    task = asyncio.create_task(outcome(Endless(Decision(allowed=True)), risk.FAILURE_CLASS_OPEN))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
