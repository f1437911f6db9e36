"""`migrate` and `doctor` on real servers: what they find, and what they change."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

from servers.mesh.judging.published import HEAD
from servers.mesh.judging.stream_sink import FULL_CHUNKS, STREAM
from tests.scenario.cli.running import Ended, nectary
from tests.servers import Redis

NOBODY = "127.0.0.1:1"


def levels(report: Ended) -> dict[str, str]:
    return {finding["what"]: finding["level"] for finding in report.document["findings"]}


def examined(**variables: str) -> Ended:
    return nectary("doctor", "--json", "--target", NOBODY, **variables)


@pytest.mark.parametrize(("store", "server"), [("sqlite_url", "valkey"), ("mysql_url", "debian_redis")])
def test_a_schema_that_is_behind_is_found_and_migrated(
    store: str, server: str, request: pytest.FixtureRequest
) -> None:
    url = str(request.getfixturevalue(store))
    machine = {"NECTARY_STORE_URL": url, "NECTARY_REDIS_URL": request.getfixturevalue(server).url}
    if store == "mysql_url":
        assert levels(examined(**machine))["schema"] == "fail"
    migrated = nectary("migrate", "--json", **machine).document["databases"]
    assert migrated[0]["before"] is None
    found = levels(examined(**machine))
    assert (found["database"], found["schema"], found["redis"]) == ("ok", "ok", "ok")
    again = nectary("migrate", **machine)
    assert (again.status, "up to date" in again.out) == (0, True)


async def test_a_redis_that_forgets_or_is_full_or_was_never_told_the_rules_is_found(
    redis_server: Redis, sqlite_url: str
) -> None:
    client: Any = redis.asyncio.from_url(redis_server.url)
    machine = {"NECTARY_STORE_URL": sqlite_url, "NECTARY_REDIS_URL": redis_server.url}

    async def found() -> list[str]:
        seen = levels(await asyncio.to_thread(examined, **machine))
        return [seen[what] for what in ("redis memory", "risk in redis", "risk log")]

    await client.config_set("maxmemory-policy", "allkeys-lru")
    assert await found() == ["warn", "warn", "ok"]
    await client.config_set("maxmemory-policy", "noeviction")
    await client.hset(HEAD, mapping={"rules": 7, "list": "generation", "seq": 3})
    for level, chunks in (("warn", FULL_CHUNKS // 2), ("fail", FULL_CHUNKS - FULL_CHUNKS // 2)):
        pipeline = client.pipeline()
        for _ in range(chunks):
            pipeline.xadd(STREAM, {"a": "chunk"})
        await pipeline.execute()
        assert await found() == ["ok", "ok", level]
    await client.aclose()


def test_a_database_that_is_not_there_is_a_failure_without_its_password() -> None:
    url = "mysql://nectary:secret@127.0.0.1:1/nectary"
    report = examined(NECTARY_STORE_URL=url, NECTARY_REDIS_URL="redis://:secret@127.0.0.1:1/0")
    found = levels(report)
    assert (found["database"], found["redis"]) == ("fail", "fail")
    assert "secret" not in report.out + report.err


def test_every_bad_setting_is_a_finding(tmp_path: Path) -> None:
    config = tmp_path / "nectary.toml"
    config.write_text('workers = 0\ncolour = "red"\n')
    report = nectary("doctor", "--json", "--target", NOBODY, "--config", str(config))
    failed = [one["detail"] for one in report.document["findings"] if one["what"] == "settings"]
    assert [detail.partition(":")[0] for detail in failed] == ["workers", "colour"]


def test_the_statements_can_be_read_first(tmp_path: Path) -> None:
    printed = nectary("migrate", "--sql", NECTARY_DATA_FOLDER=str(tmp_path / "none"))
    assert printed.status == 0
    assert "CREATE TABLE" in printed.out
    assert not (tmp_path / "none").exists()
