"""Many rows in one INSERT.

SQLAlchemy's own way binds every column of every row by itself, and under load that was an eighth of what
a payment cost. Here its compiler writes the statement once, and the driver gets the rows as they are: so
this is for columns whose Python values the driver knows (`columns.py` has no others).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, LargeBinary, Table, insert

Row = Mapping[str, object]
"""Values by column name."""


class Hexadecimal:
    """Bytes on their way to MySQL as X'...'.

    asyncmy writes bytes into the statement character by character: 40 us a kilobyte with quotes in it, more
    than all else that a row costs. This takes two.
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def literal(self, _encoders: object) -> str:
        """As a statement has it; called by the driver, to which `engine.py` tells of it."""
        return f"X'{self._value.hex()}'"


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows, all with the same columns. Raises IntegrityError if one of them is there."""
    if rows:
        statement, values = _statement(table, connection.dialect, tuple(rows[0]))
        connection.exec_driver_sql(statement, [values(row) for row in rows])


@lru_cache(maxsize=256)
def _statement(table: Table, dialect: Dialect, columns: tuple[str, ...]) -> tuple[str, Callable[[Row], Any]]:
    compiled = insert(table).compile(dialect=dialect, column_keys=columns)
    # asyncmy and sqlite3 take values in order, pymysql by name.
    names = compiled.positiontup
    if not names:
        return str(compiled), dict
    if dialect.driver == "asyncmy":
        return str(compiled), _in_hexadecimal(table, names)
    return str(compiled), itemgetter(*names)


def _in_hexadecimal(table: Table, names: Sequence[str]) -> Callable[[Row], tuple[object, ...]]:
    has_bytes = [(name, isinstance(table.columns[name].type, LargeBinary)) for name in names]

    def values(row: Row) -> tuple[object, ...]:
        return tuple([_hexadecimal(row[name]) if is_bytes else row[name] for name, is_bytes in has_bytes])

    return values


def _hexadecimal(value: object) -> object:
    return Hexadecimal(value) if isinstance(value, bytes) else value
