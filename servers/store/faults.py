"""What a driver's error means for the transaction that met it.

Drivers number their errors; this is the one place that knows the numbers. An error found in no list
here is a bug of ours (or an IntegrityError, which an adapter may expect) and passes as it is.
"""

import sqlite3
from enum import Enum

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class CommitUnknown(Exception):
    """COMMIT was sent and its answer never came: the transaction is there whole, or not at all.

    Never run the work again blindly: look for its idempotency row first. It never leaves `servers/`.
    """


class Fault(Enum):
    """What a transaction does about an error that is not its own."""

    RACED = "rolled back because of another writer: run it again"
    DOWN = "the database cannot do it now: a new connection may"


_MYSQL_RACED = {
    1020,  # record changed since it was read (MariaDB, innodb_snapshot_isolation)
    1205,  # lock wait timeout
    1213,  # deadlock, or a certification conflict on a cluster
    1412,  # the table's definition changed: a migration ran
    3572,  # NOWAIT met a lock
    6235,  # record changed since it was read (seekdb)
}
_MYSQL_DOWN = {
    1021,  # disk full
    1040,  # too many connections
    1047,  # a cluster node that is not ready
    1053,  # shutting down
    1114,  # table full, which is what a full disk looks like to InnoDB
    1129,  # host blocked after too many errors
    1135,  # cannot create a thread
    1158,  # network errors: 1158 to 1161
    1159,
    1160,
    1161,
    1203,  # user has too many connections
    1290,  # read-only: this was the primary once
    1317,  # interrupted
    1836,  # read-only
    1927,  # connection killed
    1969,  # statement time exceeded (MariaDB)
    2002,  # cannot connect
    2003,
    2006,  # gone away
    2013,  # lost
    2055,  # lost
    3024,  # statement time exceeded (MySQL)
    4031,  # closed for being idle
}
_SQLITE_RACED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_SQLITE_DOWN = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}

_MYSQL_DUPLICATE = {1062}
_SQLITE_DUPLICATE = {sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE}


def fault_of(error: BaseException) -> Fault | None:
    """None for what is no matter of races or connections."""
    if isinstance(error, OSError | PoolTimeout):
        return Fault.DOWN  # from below the driver, which does not wrap all of them; from the pool
    if not isinstance(error, DBAPIError):
        return None
    sqlite_code = getattr(error.orig, "sqlite_errorcode", None)
    if sqlite_code is not None:
        primary = sqlite_code & 0xFF  # the rest of it says which kind of the same error
        raced, down = primary in _SQLITE_RACED, primary in _SQLITE_DOWN
    else:
        code = _mysql_code(error)
        raced, down = code in _MYSQL_RACED, code in _MYSQL_DOWN
    if raced:
        return Fault.RACED
    return Fault.DOWN if down or error.connection_invalidated else None


def is_duplicate(error: IntegrityError) -> bool:
    """Whether a unique or primary key was broken, and not another constraint."""
    sqlite_code = getattr(error.orig, "sqlite_errorcode", None)
    if sqlite_code is not None:
        return sqlite_code in _SQLITE_DUPLICATE
    return _mysql_code(error) in _MYSQL_DUPLICATE


def _mysql_code(error: DBAPIError) -> object:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments else None
