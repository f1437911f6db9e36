"""What members held: asked of Identity together, and what becomes of it while Identity is away."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from clients import IdentityClient, connect
from domain.shared.errors import Unavailable
from domain.shared.instants import DAY, SECOND, Instant, from_datetime
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.honey import identities
from servers.honey.identities import Identities
from tests.servers import free_port
from tests.wire.identity import requests as r
from tests.wire.identity.cards import MONTHLY, PASS
from tests.wire.identity.mesh import START, Mesh, serving
from tests.wire.identity.shopping import granted

NOW = from_datetime(START)


class Counting:
    """Identity's client, and how many moments each call asked about."""

    def __init__(self, inner: IdentityClient) -> None:
        self.inner = inner
        self.calls: list[int] = []

    async def batch_check_moments(
        self, moments: Iterable[tuple[str, datetime]]
    ) -> Sequence[pb.MemberIdentities]:
        asked = list(moments)
        self.calls.append(len(asked))
        return await self.inner.batch_check_moments(asked)


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncIterator[Mesh]:
    async with serving(f"sqlite:///{tmp_path}/identity.db") as mesh:
        yield mesh


@pytest.fixture
def counting(mesh: Mesh) -> Counting:
    return Counting(IdentityClient(mesh.channel))


async def test_a_crowd_is_answered_as_each_would_be_alone_in_few_calls(
    mesh: Mesh, counting: Counting
) -> None:
    """Instants differ, members come again and again, some with the same instant."""
    chance = random.Random(3)
    members = [r.a_member() for _ in range(10)]
    for member in members[:8]:
        for sku in chance.sample([MONTHLY, PASS], chance.randrange(1, 3)):
            await granted(mesh, member, sku)
    await mesh.at(START + timedelta(days=60))
    asked = [
        (chance.choice(members), NOW + chance.choice([-1, 0, 6 * DAY, 9 * DAY, 20 * DAY, 59 * DAY]))
        for _ in range(300)
    ]
    together = await asyncio.gather(*(Identities(lambda: counting).held(*one) for one in asked[:20]))
    assert len(counting.calls) == 20
    shared = Identities(lambda: counting)
    assert await asyncio.gather(*(shared.held(*one) for one in asked[:20])) == together
    assert await asyncio.gather(*(shared.held(*one) for one in asked)) == [
        await _alone(mesh, *one) for one in asked
    ]
    assert len(counting.calls) == 22
    assert max(counting.calls) <= len(members) * 6, "the same moment is asked about once"


async def _alone(mesh: Mesh, member: str, at: Instant) -> frozenset[str]:
    moment = START + timedelta(microseconds=at - NOW)
    [one] = await IdentityClient(mesh.channel).batch_check_identities([member], at=moment)
    return frozenset(sku.sku_id for sku in one.held)


async def test_no_call_is_larger_than_identity_takes(counting: Counting) -> None:
    shared = Identities(lambda: counting)
    answers = await asyncio.gather(*(shared.held("ann", NOW + second * SECOND) for second in range(2_001)))
    assert set(answers) == {frozenset()}
    assert sorted(counting.calls) == [1, 1_000, 1_000]


async def test_while_identity_is_away_it_cannot_be_said_what_was_held() -> None:
    async with connect(f"127.0.0.1:{free_port()}") as channel:
        await _unavailable(Identities(lambda: IdentityClient(channel)))


async def test_nobody_waits_long_for_an_identity_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are made, and nobody takes them."""
    monkeypatch.setattr(identities, "LONGEST_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with connect(f"127.0.0.1:{silent.getsockname()[1]}") as channel, asyncio.timeout(2):
            await _unavailable(Identities(lambda: IdentityClient(channel)))


async def _unavailable(asked: Identities) -> None:
    answers = await asyncio.gather(*(asked.held(one, NOW) for one in "abc"), return_exceptions=True)
    assert {getattr(answer, "reason", answer) for answer in answers} == {"ELIGIBILITY_UNKNOWN"}
    assert all(isinstance(answer, Unavailable) for answer in answers)
