"""Rows by keys of several columns, in a form that MariaDB finds by index.

`(a, b) IN ((1, 2), (3, 4))` alone makes MariaDB read the whole table, and a DELETE lock it row by row.
With `a IN (1, 3)` beside it, the index is used and the tuples only sort out.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, bindparam, tuple_


class Among:
    """`WHERE` a row's key is one of many."""

    def __init__(self, *columns: Column[Any], indexed: int) -> None:
        """`indexed`: of how many columns, from the first on, the values are looked up in an index."""
        self._names = [f"{column.name}_among" for column in columns[:indexed]]
        each = [
            column.in_(bindparam(name, expanding=True))
            for column, name in zip(columns[:indexed], self._names, strict=True)
        ]
        whole = tuple_(*columns).in_(bindparam("keys_among", expanding=True))
        self.condition: ColumnElement[bool] = and_(*each, whole)

    def these(self, keys: Iterable[tuple[Any, ...]]) -> dict[str, list[Any]]:
        """The parameters of the condition."""
        rows = [tuple(key) for key in keys]
        each = {
            name: list(dict.fromkeys(row[place] for row in rows)) for place, name in enumerate(self._names)
        }
        return {**each, "keys_among": rows}
