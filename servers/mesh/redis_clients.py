"""Redis clients from one URL: a single server, Sentinel or Cluster, for short calls or for waiting ones.

redis-py's defaults wait 5 s and try again by themselves. A short call must fail fast, and must not be
sent twice behind our back; a waiting read (XREAD BLOCK) must not be cut off at all.
"""

from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.connection import HiredisRespSerializer
from redis.exceptions import RedisClusterException, RedisError

CONNECT_SECONDS = 1.0
SHORT_SECONDS = 0.5
USUAL_PORT = 6379

AnyRedis = Redis | RedisCluster
STORE_ERRORS = (RedisError, RedisClusterException, OSError, TimeoutError)
"""Refused, mute, out of memory, loading, read-only, moved: it is down, and never empty."""


class WatchedRedis(Redis):
    """The master that Sentinels name; its end is also that of the connections to them."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await super().aclose(close_connection_pool)
        manager: Any = self.connection_pool
        for sentinel in manager.sentinel_manager.sentinels:
            await sentinel.aclose()


class _WritesWithHiredis(AbstractConnection):
    """hiredis puts commands into bytes, as in redis-py's blocking connections: 3 us for an event, not 28."""

    _serializer = HiredisRespSerializer()

    def pack_command(self, *args: Any) -> list[bytes]:
        packed: list[bytes] = self._serializer.pack(*args)
        return packed


_ONE_SERVER = ("redis", "rediss", "unix")
_MANY_SERVERS = ("cluster", "sentinel")


def short_calls(url: str) -> AnyRedis:
    """For commands and scripts that answer at once: fails within half a second, never sends twice."""
    return _connected(url, SHORT_SECONDS)


def waiting_calls(url: str) -> AnyRedis:
    """For blocking reads, which end when the server says so."""
    return _connected(url, None)


def check_redis_url(url: str) -> None:
    """Raises ValueError if this is no URL of ours.

    `redis[s]://[user:password@]host[:port][/db]`, `unix:///path`,
    `sentinel://[user:password@]host:port,host:port/name`, `cluster://[user:password@]host:port,host:port`.
    """
    parts = urlsplit(url)
    if parts.scheme not in _ONE_SERVER + _MANY_SERVERS:
        raise ValueError("no such scheme")
    if parts.scheme == "sentinel" and not parts.path.strip("/"):
        raise ValueError("a Sentinel URL ends with the name of the master")
    if parts.scheme in _MANY_SERVERS:
        _places(parts.netloc)


def _connected(url: str, answer_seconds: float | None) -> AnyRedis:
    parts = urlsplit(url)
    options: dict[str, Any] = {
        "socket_timeout": answer_seconds,
        "socket_connect_timeout": CONNECT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
    if parts.scheme in _ONE_SERVER:
        return _quick(Redis.from_url(url, **options))
    options |= _login(parts.netloc)
    if parts.scheme == "cluster":
        return RedisCluster(startup_nodes=[ClusterNode(*place) for place in _places(parts.netloc)], **options)
    # redis-py has no types for Sentinel.
    sentinel: Any = Sentinel(_places(parts.netloc), socket_timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    return _quick(sentinel.master_for(parts.path.strip("/"), redis_class=WatchedRedis, **options))


def _quick(client: Redis) -> Redis:
    """The same, before its first call. A cluster makes connections by itself, and has none of these."""
    pool = client.connection_pool
    usual = pool.connection_class
    pool.connection_class = type(usual.__name__, (_WritesWithHiredis, usual), {})
    return client


def _login(netloc: str) -> dict[str, str]:
    user, colon, password = netloc.rpartition("@")[0].partition(":")
    return ({"username": user} if user else {}) | ({"password": password} if colon else {})


def _places(netloc: str) -> list[tuple[str, int]]:
    """`host:port,host:port`; without a port, Redis' usual one. Raises ValueError on a port that is none."""
    parts = [place.partition(":") for place in netloc.rpartition("@")[2].split(",")]
    return [(host, int(port) if colon else USUAL_PORT) for host, colon, port in parts]
