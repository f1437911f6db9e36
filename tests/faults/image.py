"""Everything that the database of a service holds, and what a call has added to it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, MetaData, Select, Table, select

Row = Mapping[str, object]
Image = Mapping[str, Mapping[tuple[object, ...], Row]]
"""Rows by table and primary key."""

Growth = Counter[str]
"""How often each kind of row came, changed or went."""

PUBLISHING = {"published_time", "attempts"}
"""What the relay writes on an outbox row: it says nothing of the event."""
TELLING = ("type", "state", "kind", "account")
"""Columns whose value makes another kind of row."""


def image_of(engine: Engine, metadata: MetaData, lease: Table) -> Image:
    """All rows of all tables. Leases are left out: who runs a job is no state of the service."""
    with engine.connect() as connection:
        tables = [table for table in metadata.sorted_tables if table is not lease]
        return {
            table.name: {
                _key(table, row): row for row in map(dict, connection.execute(_all(table)).mappings())
            }
            for table in tables
        }


def growth(before: Image, after: Image) -> Growth:
    """What lies between two images, ids and moments left out: the same story always gives the same."""
    found = Growth()
    for name, rows in after.items():
        known = before[name]
        for key in rows.keys() | known.keys():
            if key not in known:
                found[f"{name} + {_told(rows[key])}".rstrip()] += 1
            elif key not in rows:
                found[f"{name} - {_told(known[key])}".rstrip()] += 1
            elif rows[key] != known[key]:
                found[f"{name} ~ {_told(rows[key])}".rstrip()] += 1
    return found


def _all(table: Table) -> Select[Any]:
    return select(*(column for column in table.c if column.name not in PUBLISHING))


def _key(table: Table, row: Row) -> tuple[object, ...]:
    return tuple(row[column.name] for column in table.primary_key)


def _told(row: Row) -> str:
    told = [str(row[name]) for name in TELLING if name in row]
    return " ".join([*told, *(["refusal"] if row.get("refusal") else [])])
