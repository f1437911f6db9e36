"""What a store needs to be told, once, at start."""

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

MYSQL = ("mysql", "mariadb")


@dataclass(frozen=True)
class StoreConfig:
    """`url` alone chooses the engine; every other field has a value that suits both.

    Raises ValueError, naming the field, if a bound is broken.
    """

    url: str = field(repr=False)
    """`sqlite:///path/of/file` or `mysql://user:password@host:port/database`. Kept out of the repr: it
    holds the password."""
    pool_size: int = 8
    """Connections to MySQL; on SQLite, threads that read (one more thread writes). 1 to 256."""
    max_waiting: int = 1024
    """Transactions that may wait for a connection before the next is refused. 0 to 100,000."""
    tries: int = 4
    """Runs of one transaction that keeps losing races. 1 to 10."""
    connect_seconds: int = 3
    """Longest wait for a new connection. 1 to 60."""
    lock_wait_seconds: int = 3
    """Longest wait for one lock. 1 to 60."""
    transaction_seconds: float = 10.0
    """Longest run of one transaction on MySQL, which may stop answering; above 0, up to 300."""
    sqlite_synchronous: str = "FULL"
    """FULL, or NORMAL, which is three times as fast and loses the last commits with the power."""

    def __post_init__(self) -> None:
        _within("pool_size", self.pool_size, 1, 256)
        _within("max_waiting", self.max_waiting, 0, 100_000)
        _within("tries", self.tries, 1, 10)
        _within("connect_seconds", self.connect_seconds, 1, 60)
        _within("lock_wait_seconds", self.lock_wait_seconds, 1, 60)
        _within("transaction_seconds", self.transaction_seconds, 0.001, 300)
        if self.sqlite_synchronous not in ("FULL", "NORMAL"):
            raise ValueError("sqlite_synchronous must be FULL or NORMAL")
        parsed_url(self.url)

    @property
    def is_sqlite(self) -> bool:
        return parsed_url(self.url).drivername == "sqlite"


def parsed_url(url: str) -> URL:
    """The URL in parts. Raises ValueError, without repeating the URL, if it names no store of ours."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("the store's url cannot be read") from None
    if parsed.drivername in MYSQL:
        if not parsed.database:
            raise ValueError("the store's url names no database: mysql://user:password@host:port/database")
    elif parsed.drivername != "sqlite":
        raise ValueError("the store's url must begin with sqlite:/// or mysql://")
    elif not parsed.database or parsed.database == ":memory:":
        # The writer and the readers are separate connections: in memory, each would see its own world.
        raise ValueError("SQLite needs a file: sqlite:///path/of/file")
    return parsed


def sqlite_path(url: str) -> Path:
    """The file of a SQLite URL."""
    return Path(parsed_url(url).database or "")


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} must be between {least} and {most}, not {value}")
