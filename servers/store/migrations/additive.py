"""Steps that may be run twice: MySQL commits every statement, so a killed step is half done.

Old steps call these functions: they may grow, but what they create may never change.
"""

from alembic import context, op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, inspect
from sqlalchemy.dialects.mysql import BINARY, LONGBLOB
from sqlalchemy.schema import SchemaItem

_OPTIONS = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
}

INSTANT = BigInteger()
BYTES = LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")
SHA256 = LargeBinary().with_variant(BINARY(32), "mysql", "mariadb")
SERIAL = BigInteger().with_variant(Integer(), "sqlite")


def create_table(name: str, *parts: SchemaItem) -> None:
    """Create the table unless it is there. Constraints are named by the caller, indexes made after it."""
    op.create_table(name, *parts, if_not_exists=True, **_OPTIONS)


def create_index(table: str, *columns: str, unique: bool = False, called: str = "") -> None:
    """Create `ix_<table>_<columns>` unless it is there; in a unique one, NULLs are all different.

    MySQL's names have 64 characters: with more columns it is `called` something, `ix_<table>_<called>`.
    """
    name = f"ix_{table}_{called or '_'.join(columns)}"
    if context.is_offline_mode() or not _has_index(table, name):
        op.create_index(name, table, columns, unique=unique)


def add_column(table: str, column: "Column[object]") -> None:
    """Add the column unless it is there; it must be nullable or have a server default."""
    if context.is_offline_mode() or not _has_column(table, column.name):
        op.add_column(table, column)


def _has_index(table: str, name: str) -> bool:
    return any(index["name"] == name for index in inspect(op.get_bind()).get_indexes(table))


def _has_column(table: str, name: str) -> bool:
    return any(column["name"] == name for column in inspect(op.get_bind()).get_columns(table))
