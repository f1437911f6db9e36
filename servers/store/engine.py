"""SQLAlchemy engines: how a connection is opened, and what it promises.

MySQL gets READ COMMITTED and bounded waits, set once per connection and never per transaction. SQLite
gets a write-ahead log, and its write transactions take the write lock when they begin: one that took it
later could find the database changed under it.
"""

import sqlite3
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from servers.store.config import StoreConfig, parsed_url
from servers.store.cursor import PREPARED, RowsCursor

RECYCLE_SECONDS = 1800
"""A pooled connection is replaced after this long: below the idle limits of proxies and servers."""


def mysql_engine(config: StoreConfig) -> AsyncEngine:
    """For servers: asyncmy, on the running event loop."""
    options = _mysql_options(config)
    options["connect_args"] |= {"cursor_cls": RowsCursor, "stmt_cache_size": PREPARED}
    return create_async_engine(_with_driver(config, "asyncmy"), **options)


def blocking_engine(config: StoreConfig) -> Engine:
    """For migrations and the command line: pymysql or sqlite3, on the calling thread."""
    if config.is_sqlite:
        return sqlite_writer(config)
    return create_engine(_with_driver(config, "pymysql"), **_mysql_options(config))


def sqlite_writer(config: StoreConfig) -> Engine:
    """For the one thread that writes. `BEGIN IMMEDIATE`: see the module's comment."""
    return _sqlite_engine(config, pool_size=1, begin="BEGIN IMMEDIATE", read_only=False)


def sqlite_reader(config: StoreConfig) -> Engine:
    """For threads that read: each transaction sees one snapshot, and a write is an error."""
    return _sqlite_engine(config, pool_size=config.pool_size, begin="BEGIN", read_only=True)


def _with_driver(config: StoreConfig, driver: str) -> URL:
    url = parsed_url(config.url)
    return url.set(drivername=f"{url.drivername}+{driver}").update_query_dict({"charset": "utf8mb4"})


def _mysql_options(config: StoreConfig) -> dict[str, Any]:
    session = (
        f"SET SESSION innodb_lock_wait_timeout = {config.lock_wait_seconds}, time_zone = '+00:00', "
        "sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION'"
    )
    return {
        "isolation_level": "READ COMMITTED",
        "pool_size": config.pool_size,
        "max_overflow": 0,
        "pool_timeout": config.connect_seconds,
        "pool_recycle": RECYCLE_SECONDS,
        "connect_args": {"connect_timeout": config.connect_seconds, "init_command": session},
    }


def _sqlite_engine(config: StoreConfig, pool_size: int, begin: str, read_only: bool) -> Engine:
    pragmas = [
        f"busy_timeout = {config.lock_wait_seconds * 1000}",  # first: the next may have to wait
        "journal_mode = WAL",
        f"synchronous = {config.sqlite_synchronous}",
        "foreign_keys = ON",
        f"query_only = {'ON' if read_only else 'OFF'}",
    ]
    engine = create_engine(
        parsed_url(config.url),
        pool_size=pool_size,
        max_overflow=0,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # else sqlite3 would begin transactions by its own rules
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
