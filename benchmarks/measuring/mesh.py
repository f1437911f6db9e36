"""Identity on a durable MariaDB and a private Redis, with the example catalogue and its jobs running."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring.children import ROOT, Child, child
from benchmarks.measuring.cpu import cpu_seconds
from benchmarks.measuring.durable import durable_mariadb
from clients import CatalogClient, connect
from servers.mesh.cli.messages import read_catalog
from servers.store.migrations import migrate
from tests.servers import MariaDB, Redis

EXAMPLE = ROOT / "examples" / "nectary.example.yaml"
SETTLE_SECONDS = 120
_COUNT = "SELECT COUNT(*) FROM"


@dataclass(frozen=True)
class Mesh:
    """What a benchmark of Identity talks to."""

    server: Child
    mariadb: MariaDB
    database: str

    def counts(self, *tables: str) -> tuple[int, ...]:
        """Rows of each table, or of `table WHERE ...`, read past the server under test."""
        return tuple(int(self._value(f"{_COUNT} {table}")) for table in tables)

    def database_cpu_seconds(self) -> float:
        """CPU time of MariaDB so far."""
        return cpu_seconds(int(Path(self._value("SELECT @@pid_file")).read_text()))

    def settle(self) -> None:
        """Wait until every event is published: what came before shall not be paid for by what comes next."""
        end = time.monotonic() + SETTLE_SECONDS
        while any(self.counts("identity_outbox WHERE published_time IS NULL")):
            if time.monotonic() > end:
                raise RuntimeError(f"events still wait to be published after {SETTLE_SECONDS} s")
            time.sleep(0.05)

    def _value(self, query: str) -> str:
        with self.mariadb.connect(self.database) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            row = cursor.fetchone()
        assert row is not None, "a query for one value has a row"
        return str(row[0])


@contextmanager
def mesh(**settings: object) -> Iterator[Mesh]:
    """Serves until the end of the block. Raises `tests.servers.Missing` if a server is not installed."""
    mariadb, redis = durable_mariadb(), Redis.valkey()
    try:
        mariadb.start()
        redis.start()
        database = "nectary"
        store_url = mariadb.create_database(database)
        migrate(store_url)
        own = {"listen_port": 0, "store_url": store_url, "redis_url": redis.url, "log_level": "error"}
        with child("servers.mesh.cli", "serve", "identity", settings=own | settings) as server:
            asyncio.run(apply_catalog(server.address))
            yield Mesh(server, mariadb, database)
    finally:
        redis.discard()
        mariadb.discard()


async def apply_catalog(address: str) -> None:
    """The example catalogue, for the mesh at `address`."""
    async with connect(address) as channel:
        await CatalogClient(channel).apply_catalog(read_catalog(EXAMPLE))
