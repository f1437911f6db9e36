"""The baseline of every write: single rows, each inserted and committed alone, by the servers' driver."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import asyncmy
import uvloop

from servers.store.config import parsed_url

CREATE = """
    CREATE TABLE raw_commit (
        id CHAR(32) CHARACTER SET ascii PRIMARY KEY, at BIGINT NOT NULL, body BLOB NOT NULL
    ) ENGINE=InnoDB
"""
_INSERT = "INSERT INTO raw_commit (id, at, body) VALUES (%s, %s, %s)"
_BODY = b"x" * 200


@dataclass(frozen=True)
class Committed:
    """What it took, in this process."""

    rows: int
    seconds: float
    cpu_seconds: float


def commit_rows(store_url: str, rows: int, tasks: int) -> Committed:
    """Runs in a process of its own: so many rows by so many tasks, a connection each."""
    return uvloop.run(_commit_rows(store_url, rows, tasks))


async def _commit_rows(store_url: str, rows: int, tasks: int) -> Committed:
    url = parsed_url(store_url)
    connections = [
        await asyncmy.connect(host=url.host, port=url.port, user=url.username, db=url.database)
        for _ in range(tasks)
    ]
    try:
        left = iter(range(rows))
        began, cpu_began = time.monotonic(), time.process_time()
        await asyncio.gather(*(_insert(connection, left) for connection in connections))
        return Committed(rows, time.monotonic() - began, time.process_time() - cpu_began)
    finally:
        for connection in connections:
            await connection.ensure_closed()


async def _insert(connection: asyncmy.Connection, left: Iterator[int]) -> None:
    async with connection.cursor() as cursor:
        for _ in left:
            await cursor.execute(_INSERT, (uuid4().hex, time.time_ns(), _BODY))
            await connection.commit()
