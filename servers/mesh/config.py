"""The configuration of one process: read once, whole, and checked before anything starts.

Each setting comes from, in rising order, its default, the TOML file named by `--config` or
NECTARY_CONFIG, the environment (`listen_port` is NECTARY_LISTEN_PORT), and the command line. The
defaults are the embedded run: one process on loopback with SQLite and a private Valkey.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from servers.mesh.http_client import check_http_url
from servers.mesh.reaching import check_mail_address, mail_server, numbers
from servers.mesh.redis_clients import check_redis_url
from servers.mesh.settings import (
    SPEC,
    ConfigError,
    Problem,
    Spec,
    choice,
    folder,
    number,
    optional_path,
    read_file,
    read_values,
    switch,
    text,
    whole,
)
from servers.store.config import parsed_url

EMBEDDED = "embedded"
LEAST_SECRET = 16
MOST_SECRET = 64
_PREFIX = "NECTARY_"


def _check_store_url(url: str) -> None:
    if url != EMBEDDED:
        parsed_url(url)


def _check_redis_url(url: str) -> None:
    if url != EMBEDDED:
        check_redis_url(url)


def _optional(check: Callable[[str], object]) -> Callable[[str], None]:
    """A check that lets the empty text pass."""

    def checked(value: str) -> None:
        if value:
            check(value)

    return checked


def _check_secret(secret: str) -> None:
    if secret and not LEAST_SECRET <= len(secret.encode()) <= MOST_SECRET:
        raise ValueError


@dataclass(frozen=True)
class Config:
    """Every setting of a process; `load` gives only such as are valid by themselves and together."""

    listen_host: str = text("127.0.0.1", "a host name or address, or unix:/path/of/socket")
    listen_port: int = whole(50051, 0, 65535, "(0: any free port)")
    acceptors: int = whole(8, 1, 64, "that take calls from the port of a process, one at a time each")
    workers: int = whole(1, 1, 64, "processes on one port")
    data_folder: Path = folder(".nectary")

    store_url: str = text(
        EMBEDDED,
        "embedded | sqlite:///path/of/file | mysql://user:password@host:port/database",
        is_secret=True,
        check=_check_store_url,
    )
    store_pool_size: int = whole(8, 1, 256, "connections")
    redis_url: str = text(
        EMBEDDED,
        "embedded | redis[s]://… | unix:///path | sentinel://host:port,…/name | cluster://host:port,…",
        is_secret=True,
        check=_check_redis_url,
    )

    identity_target: str = text("", "host:port of Identity; without it, that of this process")

    tls_cert: Path | None = optional_path("a PEM file with the certificate chain of this server")
    tls_key: Path | None = optional_path("a PEM file with its private key")
    tls_ca: Path | None = optional_path("a PEM file with the CAs of callers, who must then show certificates")
    tls_domain: str = text("", "the trust domain of SPIFFE names: mesh.example")
    trust_local_caller: str = choice("auto", "auto", "on", "off")
    access_policy: Path | None = optional_path("a JSON file in gRPC's authorization format (A43)")
    token_keys: Path | None = optional_path("a JSON Web Key Set file with the keys of tokens")
    token_issuer: str = text("", "the `iss` that tokens must name")
    token_audience: str = text("nectary", "the `aud` that tokens must name")

    risk: str = choice("on", "on", "off")
    risk_rules: Path | None = optional_path("a JSON file of rules, in force until others are published")
    risk_secret: str = text(
        "",
        "16 to 64 bytes that all replicas share: hides names in Redis",
        is_secret=True,
        check=_check_secret,
    )
    risk_shards: int = whole(1, 1, 64, "parts of what is counted; more than one is for a cluster")
    risk_slow_ms: float = number(20, 1, 1000, "milliseconds, after which a count is not waited for")
    risk_log_samples: int = whole(200, 0, 100_000, "records a second of calls that were let through")
    risk_log_stream: bool = switch(True)
    risk_log_file: Path | None = optional_path("a file of JSON lines, one a decision; moved aside when full")
    risk_log_file_bytes: int = whole(100_000_000, 1_000_000, 10_000_000_000, "bytes")
    risk_log_files: int = whole(5, 1, 1000, "full files that are kept")
    risk_mail_url: str = text(
        "",
        "smtp[s]://[user:password@]host[:port], smtp+starttls://…",
        is_secret=True,
        check=_optional(mail_server),
    )
    risk_mail_from: str = text("", "a mail address", check=_optional(check_mail_address))
    risk_mail_to: str = text("", "a mail address", check=_optional(check_mail_address))
    risk_sms_url: str = text(
        "", "http[s]://[:token@]host[:port][/path]", is_secret=True, check=_optional(check_http_url)
    )
    risk_sms_to: str = text("", "telephone numbers: +8613800000000,+49…", check=_optional(numbers))
    risk_engine_url: str = text(
        "", "http[s]://[:token@]host[:port][/path]", is_secret=True, check=_optional(check_http_url)
    )

    reflection: str = choice("auto", "auto", "on", "off")
    test_clock: bool = switch(False)
    jobs: bool = switch(True)

    log_level: str = choice("info", "debug", "info", "warning", "error")
    log_sample: float = number(0.01, 0, 1, "of ordinary calls")
    log_slow_ms: float = number(500, 0, 600_000, "milliseconds")
    metrics_port: int = whole(-1, -1, 65535, "(-1: no metrics page, 0: any free port)")

    drain_wait_seconds: float = number(0, 0, 300, "seconds for the balancer to notice")
    drain_grace_seconds: float = number(10, 0, 300, "seconds for calls in progress")
    max_calls: int = whole(512, 1, 100_000, "calls at once")
    max_connections: int = whole(1000, 1, 1_000_000, "connections")
    max_streams_per_connection: int = whole(100, 1, 10_000, "streams")
    max_metadata_bytes: int = whole(8192, 1024, 1_048_576, "bytes")
    max_message_bytes: int = whole(65_536, 1024, 67_108_864, "bytes, or what a served method needs")
    connection_age_seconds: int = whole(1800, 1, 86_400, "seconds, give or take a tenth")

    @property
    def listens_on_socket(self) -> bool:
        """Whether it listens on a Unix socket and not on a port."""
        return self.listen_host.startswith("unix:")

    @property
    def listens_locally(self) -> bool:
        """Whether only this machine can reach the port."""
        if self.listens_on_socket or self.listen_host == "localhost":
            return True
        try:
            return ip_address(self.listen_host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def trusts_local_caller(self) -> bool:
        """Whether a caller from this machine is an operator without further proof."""
        if self.trust_local_caller == "auto":
            return self.listens_locally and self.tls_cert is None
        return self.trust_local_caller == "on"

    def store_url_of(self, service: str) -> str:
        """The database of a service; embedded, each has a file of its own, for SQLite has one writer."""
        return f"sqlite:///{self.data_folder / service}.db" if self.store_url == EMBEDDED else self.store_url

    def describe(self) -> dict[str, object]:
        """Every setting with its value, passwords struck out, for people and for `nectary doctor`."""
        return {name: _shown(getattr(self, name), spec) for name, spec in SPECS.items()}


SPECS: Mapping[str, Spec] = {field.name: field.metadata[SPEC] for field in fields(Config)}


def load(
    path: Path | None, environ: Mapping[str, str], overrides: Mapping[str, object] | None = None
) -> Config:
    """The configuration. Raises ConfigError with every problem of every source at once.

    `overrides` come from the command line; an unknown key there or in the file is a problem, an
    unknown variable of the environment is not, since others (Kubernetes) set such ones.
    """
    if path is None and environ.get(_PREFIX + "CONFIG"):
        path = Path(environ[_PREFIX + "CONFIG"])
    given: dict[str, object] = dict(read_file(path)) if path else {}
    given |= {key: environ[_PREFIX + key.upper()] for key in SPECS if _PREFIX + key.upper() in environ}
    given |= overrides or {}
    values, problems = read_values(given, SPECS)
    config = Config(**values)
    problems += _contradictions(config)
    if problems:
        raise ConfigError(problems)
    return config


def environment_of(config: Config) -> dict[str, str]:
    """The configuration as variables from which `load` makes the same again, passwords included."""
    return {
        _PREFIX + name.upper(): "" if value is None else str(value)
        for name, value in ((name, getattr(config, name)) for name in SPECS)
    }


def _contradictions(config: Config) -> list[Problem]:
    """Settings that are valid alone and not together."""
    keys = (config.tls_cert, config.tls_key)
    one_process = EMBEDDED in (config.store_url, config.redis_url) or config.store_url.startswith("sqlite:")
    trusts = config.trust_local_caller == "on"
    many = config.workers > 1
    mails, sends = bool(config.risk_mail_url), bool(config.risk_sms_url)
    rules: list[tuple[bool, str, object, str]] = [
        (any(keys) and not all(keys), "tls_key", config.tls_key, "together with tls_cert"),
        (bool(config.tls_ca) and not config.tls_cert, "tls_ca", config.tls_ca, "only with tls_cert"),
        (bool(config.tls_ca) and not config.tls_domain, "tls_domain", "", "required with tls_ca"),
        (trusts and not config.listens_locally, "trust_local_caller", "on", "only on loopback or a socket"),
        (trusts and config.tls_cert is not None, "trust_local_caller", "on", "only without TLS"),
        (bool(config.token_keys) and not config.token_issuer, "token_issuer", "", "required with token_keys"),
        (many and one_process, "workers", config.workers, "1 with SQLite or an embedded Redis"),
        (many and config.test_clock, "workers", config.workers, "1 with test_clock"),
        (many and config.listens_on_socket, "workers", config.workers, "1 on a Unix socket"),
        (mails and not config.risk_mail_from, "risk_mail_from", "", "required with risk_mail_url"),
        (mails and not config.risk_mail_to, "risk_mail_to", "", "required with risk_mail_url"),
        (sends and not config.risk_sms_to, "risk_sms_to", "", "required with risk_sms_url"),
    ]
    return [Problem(key, repr(read), allowed) for broken, key, read, allowed in rules if broken]


def _shown(value: object, spec: Spec) -> object:
    if isinstance(value, Path):
        return str(value)
    return _without_password(value) if spec.is_secret and isinstance(value, str) else value


def _without_password(url: str) -> str:
    if "://" not in url:
        return url if url in {"", EMBEDDED} else "(a secret)"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(unreadable)"
    user, at, place = parts.netloc.rpartition("@")
    shown = f"{user.partition(':')[0]}:***@{place}" if at else place
    return urlunsplit(parts._replace(netloc=shown, query=""))
