"""Databases with all tables, a copy of the first one that was migrated: five times as fast on MariaDB.

What the migrations themselves do is tested by `tests/contract/test_migrations.py`.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from servers.store.config import StoreConfig, parsed_url
from servers.store.engine import blocking_engine
from servers.store.migrations import migrate, newest

VERSION = "alembic_version"

_sqlite: list[bytes] = []
"""The file of the first database that got its tables."""
_mysql: list[str] = []
"""The statements that make the tables of the first one."""


def have_tables(url: str) -> None:
    """A database that has tables is only migrated on, as a server's start would do it."""
    if url.startswith("sqlite"):
        _sqlite_tables(url)
    else:
        _mysql_tables(url)


def _sqlite_tables(url: str) -> None:
    file = Path(str(parsed_url(url).database))
    if _sqlite and not file.exists():
        file.write_bytes(_sqlite[0])
        return
    is_new = not file.exists()
    migrate(url)
    if is_new:
        _sqlite.append(file.read_bytes())


def _mysql_tables(url: str) -> None:
    engine = blocking_engine(StoreConfig(url))
    try:
        with engine.connect() as connection:
            is_new = not inspect(connection).get_table_names()
            if is_new and _mysql:
                _make(connection)
                return
        migrate(url)
        if is_new:
            with engine.connect() as connection:
                _mysql.extend(_statements(connection))
    finally:
        engine.dispose()


def _make(connection: Connection) -> None:
    connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
    for statement in _mysql:
        connection.exec_driver_sql(statement)
    connection.execute(text(f"INSERT INTO {VERSION} VALUES (:newest)"), {"newest": _newest()})
    connection.commit()


def _statements(connection: Connection) -> list[str]:
    names = inspect(connection).get_table_names()
    filled = [name for name in names if connection.scalar(text(f"SELECT COUNT(*) FROM `{name}`"))]
    assert filled == [VERSION], f"migrations fill tables, which are not copied: {filled}"
    shown = [connection.exec_driver_sql(f"SHOW CREATE TABLE `{name}`").one() for name in names]
    return [str(statement) for _, statement in shown]


@cache
def _newest() -> str:
    step = newest()
    assert step, "there are migrations"
    return step
