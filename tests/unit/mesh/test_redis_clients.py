"""URLs of Redis: one server, Sentinel, Cluster."""

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.sentinel import SentinelConnectionPool

from servers.mesh.redis_clients import SHORT_SECONDS, check_redis_url, short_calls, waiting_calls


def test_one_server() -> None:
    client = short_calls("redis://:pw@cache:6380/2")
    assert isinstance(client, Redis)
    options = client.connection_pool.connection_kwargs
    assert (options["host"], options["port"], options["db"], options["password"]) == ("cache", 6380, 2, "pw")
    assert options["socket_timeout"] == SHORT_SECONDS


def test_a_waiting_client_waits_without_end() -> None:
    client = waiting_calls("redis://cache")
    assert isinstance(client, Redis)
    assert client.connection_pool.connection_kwargs["socket_timeout"] is None


def test_sentinel() -> None:
    client = short_calls("sentinel://user:pw@s1:26379,s2/mymaster")
    assert isinstance(client, Redis)
    pool = client.connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert pool.service_name == "mymaster"
    assert (pool.connection_kwargs["username"], pool.connection_kwargs["password"]) == ("user", "pw")
    places = [one.connection_pool.connection_kwargs for one in pool.sentinel_manager.sentinels]
    assert [(place["host"], place["port"]) for place in places] == [("s1", 26379), ("s2", 6379)]


async def test_cluster() -> None:
    client = short_calls("cluster://c1:7000,c2:7001")
    assert isinstance(client, RedisCluster)
    assert {node.name for node in client.nodes_manager.startup_nodes.values()} == {"c1:7000", "c2:7001"}


@pytest.mark.parametrize("url", ["http://x", "cache:6379", "", "sentinel://s1:1", "cluster://c:x"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # urlsplit has words of its own
        check_redis_url(url)
