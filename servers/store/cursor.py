"""How rows reach MySQL: many at once in binary where the server can take them so, else as one statement.

MariaDB takes any number of rows for one prepared statement in one message: nothing is put into quotes here
and parsed there, which was most of what a row cost on both sides (docs/decisions.md). Other servers get one
INSERT in text. Every other statement goes as text: most have a list of ids in them, and to prepare one for
each length of list would be a journey more.
"""

from collections.abc import Sequence
from typing import Any

from asyncmy.cursors import Cursor

PREPARED = 128
"""Statements that a connection keeps prepared: more than any service has that write many rows."""
MOST_BYTES = 4 * 1024 * 1024
"""Of binary values in one message: servers take 16 MB in all, unless they are told otherwise."""


class RowsCursor(Cursor):
    """asyncmy's cursor, with `executemany` alone by prepared statements, and bytes as hexadecimal in text."""

    async def execute(self, query: Any, args: Any = None) -> Any:
        """One statement, as text."""
        return await super().execute(query if args is None else self.mogrify(query, args))

    async def executemany(self, query: str, args: Sequence[Any]) -> Any:
        """One statement for each of many rows, in as few messages as the server's limit allows."""
        if len(args) > 1 and _bytes_in(args) > MOST_BYTES:
            middle = len(args) // 2
            await self.executemany(query, args[:middle])
            return await self.executemany(query, args[middle:])
        return await super().executemany(query, args)

    def _escape_args(self, args: Sequence[object], conn: Any) -> tuple[str, ...]:
        # asyncmy writes bytes into a statement character by character: 40 us a kilobyte with quotes in it.
        return tuple([_literal(each, conn) for each in args])


def _bytes_in(rows: Sequence[Sequence[object]]) -> int:
    # A column without a value at first may have bytes further down; one with a number has numbers.
    places = [place for place, value in enumerate(rows[0]) if value is None or isinstance(value, bytes)]
    return sum([len(value) for row in rows for place in places if isinstance(value := row[place], bytes)])


def _literal(value: object, conn: Any) -> str:
    return f"X'{value.hex()}'" if isinstance(value, bytes) else str(conn.literal(value))
