"""Attention moves the order in which cards are shown, a day later, and nothing else (ID-11)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from clients import InvalidRequest
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.servers import Redis
from tests.wire.identity import requests as r
from tests.wire.identity.cards import MONTHLY, PASS
from tests.wire.identity.mesh import START, Mesh, serving
from tests.wire.identity.shopping import bought

DAY = timedelta(days=1)
WRITTEN_SECONDS = 1.5
"""Samples are written once a second."""


@pytest.fixture
async def working_mesh(store_url: str, valkey: Redis) -> AsyncIterator[Mesh]:
    """A server that runs its jobs."""
    async with serving(store_url, redis_url=valkey.url) as mesh:
        yield mesh


async def _shown(mesh: Mesh, member: str) -> tuple[list[str], int]:
    held = await mesh.identity.ListIdentities(pb.ListIdentitiesRequest(member_id=member))
    return [item.sku_id for item in held.identities], held.weights_version


async def _rights(mesh: Mesh, member: str) -> tuple[identity.Timeline, pb.PreviewPurchaseResponse]:
    at = r.ts(START)
    timeline = await mesh.identity.GetTimeline(pb.GetTimelineRequest(member_id=member, as_of=at, known_at=at))
    return timeline.timeline, await mesh.identity.PreviewPurchase(r.a_preview(r.a_member(), MONTHLY))


async def test_a_card_that_is_used_more_is_shown_first_a_day_later(working_mesh: Mesh) -> None:
    mesh, member = working_mesh, r.a_member()
    for sku in (MONTHLY, PASS):
        await bought(mesh, member, sku)
    timeline, preview = await _rights(mesh, member)
    sample = r.an_attention("pass", uses=1000)
    for _ in range(2):
        await mesh.identity.RecordAttention(sample)
    await mesh.identity.RecordAttention(r.an_attention("gold", uses=900, views=1000))
    await asyncio.sleep(WRITTEN_SECONDS)
    assert await _shown(mesh, member) == ([MONTHLY, PASS], 0)
    await mesh.at(START + DAY)
    assert await _shown(mesh, member) == ([PASS, MONTHLY], 1)
    later, other = await _rights(mesh, member)
    assert later == timeline
    assert other.effect.payable == preview.effect.payable
    await mesh.identity.RecordAttention(r.an_attention("gold", uses=60))
    await asyncio.sleep(WRITTEN_SECONDS)
    await mesh.at(START + 2 * DAY)
    assert await _shown(mesh, member) == ([PASS, MONTHLY], 1), "a change below a fifth moves nothing"


async def test_a_sample_is_counted_once_and_its_id_is_not_used_for_another(mesh: Mesh) -> None:
    sample = r.an_attention("gold", views=1)
    for _ in range(2):
        assert await mesh.identity.RecordAttention(sample) == pb.RecordAttentionResponse()
    sample.attentions[0].views = 2
    with pytest.raises(InvalidRequest, match=r"^IDEMPOTENCY_KEY_REUSED:") as caught:
        await mesh.identity.RecordAttention(sample)
    assert caught.value.metadata == {"request_id": sample.request_id}


async def test_attention_to_what_is_not_in_the_catalogue_is_refused_whole(mesh: Mesh) -> None:
    samples = [pb.Attention(spu_id=spu, uses=1) for spu in ("gold", "no_such", "pass", "neither")]
    request = pb.RecordAttentionRequest(request_id=r.new_id(), attentions=samples)
    with pytest.raises(InvalidRequest) as caught:
        await mesh.identity.RecordAttention(request)
    fields = [violation.field for violation in caught.value.violations]
    assert fields == ["attentions[1].spu_id", "attentions[3].spu_id"]
