"""Many rows in one statement.

SQLAlchemy's own way binds every column of every row by itself, and under load that was an eighth of what
a payment cost. Here its compiler writes the statement once, and the driver gets the rows as they are: so
this is for columns whose Python values the driver knows (`columns.py` has no others).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Table, insert, null
from sqlalchemy.dialects import mysql, sqlite

Row = Mapping[str, object]
"""Values by column name."""

_MYSQL = ("mysql", "mariadb")


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows, all with the same columns. Raises IntegrityError if one of them is there."""
    _write(connection, _insertion, table, rows)


def update_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Change rows that are known to be there, in place: each whole, all with the same columns.

    Less work for a database than to delete and insert them, as only indexes are touched whose columns
    changed. It tells nobody whether a row was there: whoever must know has to ask before, under a lock.
    """
    _write(connection, _change, table, rows)


_Values = Callable[[Row], Any]
"""A row as the driver wants it."""
_Statement = Callable[[Table, Dialect, tuple[str, ...], tuple[str, ...]], tuple[str, _Values]]
"""(table, dialect, columns, those of them that have values) → the statement, and its parameters of a row."""


def _write(connection: Connection, how: _Statement, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        # A column without a value in any row has no type, and MariaDB would not take it in binary.
        given = tuple([name for name in rows[0] if any(row[name] is not None for row in rows)])
        statement, values = how(table, connection.dialect, tuple(rows[0]), given)
        connection.exec_driver_sql(statement, [values(row) for row in rows])


@lru_cache(maxsize=256)
def _insertion(
    table: Table, dialect: Dialect, _columns: tuple[str, ...], given: tuple[str, ...]
) -> tuple[str, _Values]:
    return _compiled(insert(table), dialect, given)


@lru_cache(maxsize=256)
def _change(
    table: Table, dialect: Dialect, columns: tuple[str, ...], given: tuple[str, ...]
) -> tuple[str, _Values]:
    keys = [column.name for column in table.primary_key]
    changed = [name for name in columns if name not in keys]
    if dialect.name in _MYSQL:
        onto = mysql.insert(table)
        new = {name: onto.inserted[name] if name in given else null() for name in changed}
        return _compiled(onto.on_duplicate_key_update(new), dialect, given)
    into = sqlite.insert(table)
    new = {name: into.excluded[name] if name in given else null() for name in changed}
    return _compiled(into.on_conflict_do_update(index_elements=keys, set_=new), dialect, given)


def _compiled(statement: Insert, dialect: Dialect, given: tuple[str, ...]) -> tuple[str, _Values]:
    compiled = statement.compile(dialect=dialect, column_keys=given)
    # asyncmy and sqlite3 take values in order, pymysql by name.
    names = compiled.positiontup
    return str(compiled), itemgetter(*names) if names else dict
