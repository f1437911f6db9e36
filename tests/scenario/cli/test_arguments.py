"""What people type: moments, durations, periods, words, term ids."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nectary.common.v1 import money_pb2
from nectary.identity.v1 import catalog_pb2, identity_pb2
from servers.mesh.cli.exits import CommandError, UsageError
from servers.mesh.cli.moments import parse_duration, parse_moment, show_moment, zone_of
from servers.mesh.cli.target import Target, credentials, find_target
from servers.mesh.cli.term_ids import full_id, short_ids
from servers.mesh.cli.words import money, parse_period, value_of, word_of
from servers.mesh.data_folder import DataFolder

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2027-01-31", "2027-01-30T16:00"),
        ("2027-01-31T10:00", "2027-01-31T02:00"),
        ("2027-01-31T10:00:00.000001+00:00", "2027-01-31T10:00:00.000001"),
        ("2027-01-31T10:00Z", "2027-01-31T10:00"),
    ],
)
def test_a_moment_without_an_offset_is_one_of_the_zone(text: str, utc: str) -> None:
    assert parse_moment(text, SHANGHAI) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "tomorrow", "2027-13-01", "1969-12-31", "0001-01-01", "9999-99-99"])
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(UsageError):
        parse_moment(text, SHANGHAI)


def test_moments_are_shown_as_exactly_as_they_are() -> None:
    whole = datetime(2027, 1, 31, 2, tzinfo=UTC)
    assert show_moment(whole, SHANGHAI) == "2027-01-31 10:00"
    assert show_moment(whole + timedelta(seconds=1), SHANGHAI) == "2027-01-31 10:00:01"
    assert show_moment(whole + timedelta(microseconds=1), SHANGHAI) == "2027-01-31 10:00:00.000001"


@pytest.mark.parametrize(
    ("text", "length"),
    [("90s", timedelta(seconds=90)), ("2w", timedelta(weeks=2)), ("1d12h", timedelta(hours=36))],
)
def test_durations(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "1", "d", "1y", "1d 2h", "-1d", "9999999999999d"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError):
        parse_duration(text)


def test_periods() -> None:
    assert parse_period("3m") == catalog_pb2.Period(count=3, unit=catalog_pb2.PERIOD_UNIT_MONTH)
    for text in ("", "m", "3", "3q", "-1d"):
        with pytest.raises(UsageError):
            parse_period(text)


def test_words_of_the_contract_go_both_ways() -> None:
    kind = identity_pb2.TermState.DESCRIPTOR
    assert word_of(kind, identity_pb2.TERM_STATE_ACTIVE) == "active"
    assert word_of(kind, 4711) == "4711"
    for word in ("active", "ACTIVE", "TERM_STATE_ACTIVE"):
        assert value_of(kind, word) == identity_pb2.TERM_STATE_ACTIVE
    with pytest.raises(UsageError, match="queued, active"):
        value_of(kind, "unspecified")


def test_money_has_two_digits_of_its_minor_unit() -> None:
    assert money(money_pb2.Money(currency="CNY", amount_minor=29905)) == "299.05 CNY"
    assert money(money_pb2.Money()) == ""


def test_an_unknown_zone_is_a_usage_error() -> None:
    for name in ("Asia/Nowhere", "", "../etc/passwd"):
        with pytest.raises(UsageError):
            zone_of(name)


def test_a_term_is_named_by_its_beginning() -> None:
    ids = ["aaaaaaaa1", "aaaaaaaa2", "bbbbbbbb1"]
    assert short_ids(ids) == {"aaaaaaaa1": "aaaaaaaa1", "aaaaaaaa2": "aaaaaaaa2", "bbbbbbbb1": "bbbbbb"}
    assert full_id("b", ids) == "bbbbbbbb1"
    assert full_id("aaaaaaaa2", ids) == "aaaaaaaa2"
    with pytest.raises(UsageError, match="several"):
        full_id("aaaa", ids)
    with pytest.raises(CommandError, match="no term"):
        full_id("c", ids)


def test_the_server_of_a_folder_is_found_while_it_lives(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path_factory.mktemp("data")
    monkeypatch.delenv("NECTARY_TARGET", raising=False)
    monkeypatch.setenv("NECTARY_DATA_FOLDER", str(path))
    assert find_target(None).address == "127.0.0.1:50051"
    folder = DataFolder(path)
    folder.announce("127.0.0.1:4711")
    assert find_target(None).address == "127.0.0.1:4711"
    assert find_target("host:1").address == "host:1"
    folder.close()
    # The next owner of the folder has not said yet where it listens.
    DataFolder(path).close()
    assert find_target(None).address == "127.0.0.1:50051"


def test_a_token_does_not_cross_a_network_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NECTARY_CA", raising=False)
    monkeypatch.setenv("NECTARY_TOKEN", "secret")
    for address in ("127.0.0.1:1", "[::1]:1", "localhost:1", "unix:/run/nectary"):
        assert credentials(Target(address, "")) == (None, "secret")
    with pytest.raises(CommandError, match="in the clear"):
        credentials(Target("mesh.example:443", ""))
