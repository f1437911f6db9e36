"""Servers are replaced while members are at work (F-33)."""

import asyncio
from pathlib import Path

import pytest

from clients import IdentityClient, connect
from tests.faults.ground import Ground
from tests.faults.process import Server
from tests.faults.work import MEMBERS, assert_in_order, at_work, until
from tests.servers import free_port

DRAINING_SECONDS = 0.02
GREETING_SECONDS = 1.0
"""From a connection that is open to one that takes calls."""
ESTABLISHED = "01"
"""As the kernel writes it."""

pytestmark = pytest.mark.timeout(300)


async def test_a_rolling_restart_costs_our_clients_no_call(mysql_land: Ground) -> None:
    """Two replicas, each drained and started again in turn: nobody meets a single error."""
    land = mysql_land
    ports = [free_port(), free_port()]
    replicas = [await _replica(land, port) for port in ports]
    target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
    async with connect(target, IdentityClient.SERVICE) as channel:
        async with at_work(land, channel) as crowd:
            for index in (0, 1, 0):
                before = crowd.answered
                await until(lambda before=before: crowd.answered > before + MEMBERS)  # type: ignore[misc]
                await asyncio.to_thread(replicas[index].stop)
                replicas[index] = await _replica(land, ports[index])
                # A rollout waits for more than readiness: a client tries a lost server again only
                # after a second or more.
                await until(lambda index=index: _is_connected_to(ports[index]))  # type: ignore[misc]
                await asyncio.sleep(GREETING_SECONDS)
        assert dict(crowd.met) == {}
    for replica in replicas:
        replica.stop()
    assert_in_order(land, crowd)


async def test_a_server_killed_while_it_drains_leaves_nothing_half_done(land: Ground) -> None:
    for _ in range(3):
        await land.restart(jobs=True)
        async with at_work(land) as crowd:
            await until(lambda crowd=crowd: crowd.answered > MEMBERS)  # type: ignore[misc]
            land.server.begin_to_stop()
            await asyncio.sleep(DRAINING_SECONDS)
            land.server.kill()
            await crowd.close()
            assert_in_order(land, crowd)


def _is_connected_to(port: int) -> bool:
    """Whether anybody has a connection to this port of loopback."""
    tables = [Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.splitlines()]
    return any(row[1].endswith(f"0100007F:{port:04X}") and row[3] == ESTABLISHED for row in rows)


async def _replica(land: Ground, port: int) -> Server:
    return await land.nursery.start(**land.settings(jobs=False), listen_port=port, drain_wait_seconds=0.2)
