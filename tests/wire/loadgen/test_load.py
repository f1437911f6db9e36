"""Load for benchmarks: every request has its own answer, or the figure is void."""

import asyncio
from collections.abc import Iterator

import pytest

from benchmarks.measuring.load import Load
from tests.wire.loadgen.conftest import SERVICE

REQUESTS = [b"member %d" % number for number in range(101)]


@pytest.fixture(scope="module")
def load() -> Iterator[Load]:
    with Load(clients=2) as load:
        yield load


async def test_answers_come_back_in_the_order_of_the_requests(load: Load, bare: str) -> None:
    driven = await asyncio.to_thread(load.drive, bare, f"/{SERVICE}/Echo", REQUESTS, 8)
    assert list(driven.answers) == REQUESTS
    assert driven.seconds > 0


async def test_a_refusal_is_what_is_measured_or_ends_the_run(load: Load, bare: str) -> None:
    refusing = f"/{SERVICE}/Refuse"
    await asyncio.to_thread(load.drive, bare, refusing, REQUESTS, 8, refused=True)
    with pytest.raises(ConnectionError, match="ended as none should"):
        await asyncio.to_thread(load.drive, bare, refusing, REQUESTS, 8)
    with pytest.raises(ConnectionError, match="ended as none should"):
        await asyncio.to_thread(load.drive, bare, f"/{SERVICE}/Echo", REQUESTS, 8, refused=True)
