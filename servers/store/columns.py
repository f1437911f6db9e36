"""Column types that mean the same on SQLite and on MySQL.

Text compares byte by byte (`utf8mb4_bin`), with one exception to know: MySQL ignores spaces at the end,
so no identifier may end in one. Money and points are BIGINT, instants are BIGINT microseconds.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, String
from sqlalchemy.dialects.mysql import BINARY, LONGBLOB
from sqlalchemy.types import TypeEngine

TABLE: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
}
"""What every `Table(..., **TABLE)` is made with."""

INSTANT: Final = BigInteger()
"""Microseconds since 1970, UTC."""

BYTES: Final = LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")
"""Opaque bytes, such as a serialized message: stored, never searched."""

SHA256: Final = LargeBinary().with_variant(BINARY(32), "mysql", "mariadb")
"""32 bytes."""

SERIAL: Final = BigInteger().with_variant(Integer(), "sqlite")
"""An autoincrement primary key: SQLite counts only in a column declared INTEGER."""


def identifier(length: int = 36) -> TypeEngine[str]:
    """An id of at most `length` characters."""
    return String(length)


def new_metadata() -> MetaData:
    """Names every constraint the same way everywhere, so that a migration can name it too."""
    return MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        }
    )
