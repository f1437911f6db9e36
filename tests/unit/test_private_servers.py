"""A server that is missing is named: a test that needs it is skipped, or fails where it must run."""

import pytest

from tests.conftest import started
from tests.servers import Missing, Redis, installed


def missing() -> Redis:
    return Redis(installed("no-such-server", "such-a-package"))


def test_a_missing_server_says_what_would_install_it() -> None:
    with pytest.raises(Missing) as raised:
        missing()

    for word in ("no-such-server", "scripts/install_servers.sh", "such-a-package"):
        assert word in str(raised.value)


def test_a_missing_server_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NECTARY_REQUIRE_SERVERS", raising=False)

    with pytest.raises(pytest.skip.Exception, match="no-such-server"):
        next(started(missing))


def test_a_missing_server_fails_where_servers_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NECTARY_REQUIRE_SERVERS", "1")

    with pytest.raises(pytest.fail.Exception, match="no-such-server"):
        next(started(missing))
