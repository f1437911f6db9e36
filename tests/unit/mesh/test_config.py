"""The configuration: where it comes from, what it refuses, what it shows."""

from pathlib import Path

import pytest

from servers.mesh.config import SPECS, Config, environment_of, load
from servers.mesh.settings import ConfigError


def problems_of(**settings: object) -> set[str]:
    with pytest.raises(ConfigError) as caught:
        load(None, {}, settings)
    return {problem.key for problem in caught.value.problems}


def test_the_defaults_are_the_embedded_run() -> None:
    config = load(None, {})
    assert config.store_url == config.redis_url == "embedded"
    assert config.listens_locally
    assert config.trusts_local_caller


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    file = tmp_path / "nectary.toml"
    file.write_text('listen_port = 1\nmax_calls = 2\nlog_level = "error"\nlog_sample = 0.5\njobs = false\n')
    environ = {"NECTARY_LISTEN_PORT": "3", "NECTARY_MAX_CALLS": "4", "NECTARY_CONFIG": str(file)}
    config = load(None, environ, {"listen_port": 5})
    assert (config.listen_port, config.max_calls, config.log_level) == (5, 4, "error")
    assert (config.log_sample, config.jobs) == (0.5, False)


def test_every_error_is_listed_at_once_with_what_was_read_and_what_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "nectary.toml"
    file.write_text('listen_prot = 1\nworkers = 0\nlog_level = "loud"\ntest_clock = "maybe"\n')
    with pytest.raises(ConfigError) as caught:
        load(file, {"NECTARY_LOG_SAMPLE": "1.5", "NECTARY_STORE_URL": "postgres://u:geheim@h/d"})
    assert {problem.key for problem in caught.value.problems} == {
        "listen_prot", "workers", "log_level", "test_clock", "log_sample", "store_url"
    }  # fmt: skip
    text = str(caught.value)
    assert "workers: read 0; allowed: 1 to 64" in text
    assert "log_level: read 'loud'; allowed: debug | info | warning | error" in text
    assert "geheim" not in text


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"tls_cert": "a.pem"}, "tls_key"),
        ({"tls_ca": "ca.pem", "tls_domain": "mesh.example"}, "tls_ca"),
        ({"tls_cert": "a", "tls_key": "b", "tls_ca": "c"}, "tls_domain"),
        ({"listen_host": "0.0.0.0", "trust_local_caller": "on"}, "trust_local_caller"),
        ({"tls_cert": "a", "tls_key": "b", "trust_local_caller": "on"}, "trust_local_caller"),
        ({"token_keys": "keys.json"}, "token_issuer"),
        ({"workers": 2}, "workers"),
        ({"workers": 2, "store_url": "mysql://h/d", "redis_url": "redis://h", "test_clock": "on"}, "workers"),
        ({"redis_url": "sentinel://h:1"}, "redis_url"),
        ({"redis_url": "cluster://h:port"}, "redis_url"),
        ({"store_url": "sqlite:///:memory:"}, "store_url"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, object], key: str) -> None:
    assert problems_of(**settings) == {key}


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True),
        ("unix:/run/x", True), ("0.0.0.0", False), ("::", False), ("localhost.evil.example", False),
        ("127.evil.example", False),
    ],
)  # fmt: skip
def test_only_loopback_and_sockets_are_local(host: str, is_local: bool) -> None:
    config = load(None, {}, {"listen_host": host})
    assert config.listens_locally is is_local
    assert config.trusts_local_caller is is_local


def test_passwords_are_shown_nowhere() -> None:
    config = load(
        None,
        {},
        {
            "store_url": "mysql://nectary:geheim@db:3306/identity?charset=x&password=geheim",
            "redis_url": "redis://:geheim@cache:6379/0",
        },
    )
    shown = config.describe()
    assert shown["store_url"] == "mysql://nectary:***@db:3306/identity"
    assert shown["redis_url"] == "redis://:***@cache:6379/0"
    assert "geheim" not in repr(config) + str(shown)
    assert set(shown) == set(SPECS)


def test_a_worker_gets_the_same_configuration_through_its_environment() -> None:
    config = load(
        None,
        {},
        {
            "store_url": "mysql://u:p@h/d",
            "redis_url": "redis://h",
            "workers": 3,
            "jobs": False,
            "log_sample": 0.2,
        },
    )
    assert load(None, environment_of(config)) == config


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Config().listen_port = 1  # type: ignore[misc]  # that is the point


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("listen_port = = 1")
    with pytest.raises(ConfigError, match=r"bad\.toml"):
        load(file, {})


def test_secrets_of_every_kind_are_struck_out() -> None:
    config = load(
        None,
        {},
        {
            "risk_secret": "canary-canary-canary",
            "risk_mail_url": "smtps://me:canary@mail.example",
            "risk_mail_from": "a@mail.example",
            "risk_mail_to": "b@mail.example",
            "risk_sms_url": "https://:canary@sms.example/send",
            "risk_sms_to": "+8613800000000",
            "risk_engine_url": "https://:canary@engine.example/ask",
        },
    )
    shown = config.describe()
    assert "canary" not in repr(shown) + repr(config)
    assert shown["risk_mail_url"] == "smtps://me:***@mail.example"


def test_a_channel_without_recipients_is_a_contradiction() -> None:
    overrides = {"risk_mail_url": "smtp://mail.example", "risk_sms_url": "https://sms.example/"}
    with pytest.raises(ConfigError) as caught:
        load(None, {}, overrides)
    assert [problem.key for problem in caught.value.problems] == [
        "risk_mail_from",
        "risk_mail_to",
        "risk_sms_to",
    ]


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("risk_mail_url", "smtp://me:canary@mail.example"),
        ("risk_mail_url", "https://mail.example"),
        ("risk_mail_to", "a@b.example, c@d.example"),
        ("risk_mail_from", "a@b.example\r\nBcc: x@y.example"),
        ("risk_sms_to", "0170 5550123"),
        ("risk_sms_url", "ftp://sms.example"),
        ("risk_engine_url", "https://user:canary@engine.example"),
    ],
)
def test_a_bad_way_to_people_is_refused_without_repeating_secrets(key: str, bad: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, {}, {key: bad})
    assert key in {problem.key for problem in caught.value.problems}
    assert "canary" not in str(caught.value)
