"""`migrate` and `doctor` on real servers: what they find, and what they change."""

from pathlib import Path

import pytest

from tests.scenario.cli.running import Ended, nectary

NOBODY = "127.0.0.1:1"


def levels(report: Ended) -> dict[str, str]:
    return {finding["what"]: finding["level"] for finding in report.document["findings"]}


def examined(**variables: str) -> Ended:
    return nectary("doctor", "--json", "--target", NOBODY, **variables)


@pytest.mark.parametrize(("store", "redis"), [("sqlite_url", "valkey"), ("mysql_url", "debian_redis")])
def test_a_schema_that_is_behind_is_found_and_migrated(
    store: str, redis: str, request: pytest.FixtureRequest
) -> None:
    url = str(request.getfixturevalue(store))
    machine = {"NECTARY_STORE_URL": url, "NECTARY_REDIS_URL": request.getfixturevalue(redis).url}
    if store == "mysql_url":
        assert levels(examined(**machine))["schema"] == "fail"
    migrated = nectary("migrate", "--json", **machine).document["databases"]
    assert migrated[0]["before"] is None
    found = levels(examined(**machine))
    assert (found["database"], found["schema"], found["redis"]) == ("ok", "ok", "ok")
    again = nectary("migrate", **machine)
    assert (again.status, "up to date" in again.out) == (0, True)


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
