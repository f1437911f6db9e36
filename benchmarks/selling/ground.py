"""A durable MariaDB and a Redis for a benchmark, and how much they were asked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import redis

from benchmarks.measuring.cpu import cpu_seconds
from benchmarks.measuring.durable import durable_mariadb
from servers.store.migrations import migrate
from tests.servers import MariaDB, Redis

DATABASE = "nectary"
SETTLE_SECONDS = 60.0


class Meter(NamedTuple):
    """Totals so far; the difference of two is what lay between."""

    database_seconds: float
    redis_seconds: float
    statements: int
    commits: int
    redis_commands: int

    def since(self, before: Self) -> "Meter":
        return Meter(
            self.database_seconds - before.database_seconds,
            self.redis_seconds - before.redis_seconds,
            self.statements - before.statements,
            self.commits - before.commits,
            self.redis_commands - before.redis_commands,
        )


@dataclass(frozen=True)
class Ground:
    """Both stores."""

    mariadb: MariaDB
    redis: Redis
    store_url: str

    def meter(self) -> Meter:
        """Read past the server under test."""
        with self.mariadb.connect(DATABASE) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@pid_file")
            (pid_file,) = cursor.fetchone() or ("",)
            cursor.execute("SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Com_commit')")
            status = {str(name): int(value) for name, value in cursor.fetchall()}
        with redis.Redis.from_url(self.redis.url) as client:
            commands = int(client.info("stats")["total_commands_processed"])
        return Meter(
            cpu_seconds(int(Path(str(pid_file)).read_text())),
            cpu_seconds(self.redis.pid),
            status["Questions"],
            status["Com_commit"],
            commands,
        )

    def settle(self) -> None:
        """Waits until every event is published: what came before is no part of what is measured next."""
        end = time.monotonic() + SETTLE_SECONDS
        waiting = 1
        with self.mariadb.connect(DATABASE) as connection, connection.cursor() as cursor:
            while waiting and time.monotonic() < end:
                cursor.execute("SELECT COUNT(*) FROM seckill_outbox WHERE published_time IS NULL")
                (waiting,) = cursor.fetchone() or (0,)
                time.sleep(0.05)

    def orders(self, activity_id: str) -> int:
        """Of an activity, as they lie in the table."""
        with self.mariadb.connect(DATABASE) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM seckill_order WHERE activity_id = %s", (activity_id,))
            row = cursor.fetchone()
        assert row is not None, "a count has a row"
        return int(row[0])


@contextmanager
def ground() -> Iterator[Ground]:
    """Both, empty but for the tables, until the end of the block. Raises `tests.servers.Missing`."""
    mariadb, store = durable_mariadb(), Redis.installed()
    try:
        mariadb.start()
        store.start()
        store_url = mariadb.create_database(DATABASE)
        migrate(store_url)
        yield Ground(mariadb, store, store_url)
    finally:
        store.discard()
        mariadb.discard()
