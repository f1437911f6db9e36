"""One request many times, with another body, with too little time, or given up half way (F-30 to F-32)."""

import asyncio
import random
from contextlib import suppress

import pytest

from clients import DeadlineExceeded, InvalidRequest
from tests.faults.books import violations
from tests.faults.crowd import Memory
from tests.faults.ground import Ground
from tests.faults.image import growth
from tests.faults.stories import Call, ordered, paying, refunding, send

TIMES = 1000
IMPATIENT_MEMBERS = 60

pytestmark = pytest.mark.timeout(300)


async def test_a_thousand_equal_requests_have_one_effect_and_one_answer(land: Ground) -> None:
    """F-30."""
    land.overrides = {"max_calls": 2 * TIMES}
    await land.restart()
    effects = []
    for times in (1, TIMES):
        call = paying(await ordered(land.client, land.new_member(), "gold_annual"))
        before = land.image()
        answers = await asyncio.gather(*(send(land.channel, call, timeout=30) for _ in range(times)))
        assert len(set(answers)) == 1
        effects.append(growth(before, land.image()))
    assert effects[0] == effects[1]


async def test_a_request_id_with_another_body_is_refused_and_has_no_effect(land: Ground) -> None:
    """F-31."""
    member_id = land.new_member()
    order = await ordered(land.client, member_id, "gold_annual")
    call = paying(order)
    answer = await send(land.channel, call)
    before = land.image()
    other = paying(order, fen_too_much=1)
    with pytest.raises(InvalidRequest) as raised:
        await send(land.channel, other)
    assert raised.value.reason == "IDEMPOTENCY_KEY_REUSED"
    other_method = refunding(member_id, order_id=order.order_id)
    other_method.request.request_id = call.request.request_id
    with pytest.raises(InvalidRequest):
        await send(land.channel, other_method)
    assert land.image() == before
    assert await send(land.channel, call) == answer


@pytest.mark.parametrize("cancels", [False, True], ids=["deadline", "cancelled"])
async def test_a_call_that_ends_too_early_is_there_whole_or_not_at_all(land: Ground, cancels: bool) -> None:
    """F-32: at any moment of a payment its deadline passes, or its caller goes away."""
    chance = random.Random(1)
    memories = await asyncio.gather(
        *(_impatient(land, chance.uniform(0.001, 0.15), cancels) for _ in range(IMPATIENT_MEMBERS))
    )
    with land.engine.connect() as connection:
        assert list(violations(connection, memories)) == []


async def _impatient(land: Ground, seconds: float, cancels: bool) -> Memory:
    """A member who gives up too early, and then asks again with the same request."""
    memory = Memory(land.new_member())
    call = paying(await ordered(land.client, memory.member_id, "gold_annual"))
    with suppress(DeadlineExceeded, TimeoutError):
        await _given_up(land, call, seconds) if cancels else await send(land.channel, call, timeout=seconds)
    memory.answers[call.request.request_id] = await send(land.channel, call)
    return memory


async def _given_up(land: Ground, call: Call, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await send(land.channel, call)
