"""What members hold: asked of Identity wherever it is, and what becomes of a sale while it is away."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from clients import Unavailable
from nectary.seckill.v1 import seckill_pb2 as seckill
from tests.servers import Redis
from tests.wire.identity import requests as cards
from tests.wire.mesh.certificates import Authority, operator
from tests.wire.seckill import requests as r
from tests.wire.seckill.buying import refusal, reserved, selling
from tests.wire.seckill.conftest import emptied
from tests.wire.seckill.mesh import START, Mesh, serving, with_cards

FOR_HOLDERS = seckill.Tranche(stock=1, sku_ids=[r.GOLD])
FOR_ALL = seckill.Tranche(stock=1)


@pytest.fixture
async def redis_urls(valkey: Redis) -> tuple[str, str]:
    """Two empty databases."""
    urls = [f"{valkey.url.rpartition('/')[0]}/{number}" for number in (8, 9)]
    for url in urls:
        await emptied(url)
    return urls[0], urls[1]


@pytest.fixture
async def alone(tmp_path: Path, redis_urls: tuple[str, str]) -> AsyncIterator[Mesh]:
    """Seckill by itself: who asks this process for Identity finds nobody."""
    async with serving(f"sqlite:///{tmp_path}/alone.db", redis_urls[0], slices=("seckill",)) as mesh:
        await mesh.at(START)
        yield mesh


async def test_without_identity_only_those_wait_whom_it_could_help(alone: Mesh) -> None:
    activity_id = await selling(alone, stock=2, tranches=[FOR_HOLDERS, FOR_ALL])
    assert (await reserved(alone, activity_id, "ann")).quantity == 1
    error = await refusal(reserved(alone, activity_id, "bob"))
    assert isinstance(error, Unavailable)
    assert (error.code, error.reason) == (grpc.StatusCode.UNAVAILABLE, "ELIGIBILITY_UNKNOWN")


async def test_without_identity_a_sale_for_everybody_does_not_notice(alone: Mesh) -> None:
    activity_id = await selling(alone, stock=2)
    await reserved(alone, activity_id, "ann")
    await reserved(alone, activity_id, "bob")


async def test_identity_is_asked_in_another_process(tmp_path: Path, redis_urls: tuple[str, str]) -> None:
    identity = serving(f"sqlite:///{tmp_path}/identity.db", redis_urls[0], slices=("identity",))
    async with identity as elsewhere:
        await with_cards(elsewhere)
        holder = cards.a_member()
        await elsewhere.identity.GrantTerm(cards.a_grant(holder, r.GOLD))
        here = serving(
            f"sqlite:///{tmp_path}/seckill.db",
            redis_urls[1],
            slices=("seckill",),
            identity_target=elsewhere.address,
        )
        async with here as mesh:
            await mesh.at(START)
            activity_id = await selling(mesh, stock=1, tranches=[FOR_HOLDERS])
            assert (await refusal(reserved(mesh, activity_id, "ann"))).reason == "NOT_ELIGIBLE"
            assert (await reserved(mesh, activity_id, holder)).member_id == holder


async def test_identity_is_asked_with_the_certificate_of_the_mesh(
    tmp_path: Path, redis_urls: tuple[str, str]
) -> None:
    authority = Authority()
    credentials = authority.credentials(authority.leaf(operator("alice")))
    settings = authority.settings(tmp_path)
    served = serving(f"sqlite:///{tmp_path}/all.db", redis_urls[0], credentials=credentials, **settings)
    async with served as mesh:
        await with_cards(mesh)
        holder = cards.a_member()
        await mesh.identity.GrantTerm(cards.a_grant(holder, r.GOLD))
        activity_id = await selling(mesh, stock=1, tranches=[FOR_HOLDERS])
        assert (await refusal(reserved(mesh, activity_id, "ann"))).reason == "NOT_ELIGIBLE"
        assert (await reserved(mesh, activity_id, holder)).member_id == holder
