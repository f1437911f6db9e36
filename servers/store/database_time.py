"""The time that a transaction is decided by: the database's, which all processes share.

Whoever moves a clock means the business's time too: then that clock goes before the database's. SQLite's
processes are of one host, whose clock is as good.
"""

from sqlalchemy import BigInteger, ColumnElement, Connection, literal_column

from domain.shared.instants import Instant
from servers.mesh.clock import Clock, SystemClock

NOW: ColumnElement[int] = literal_column("CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)", BigInteger)
"""Microseconds at which this row is read, after any wait for its lock; the session's zone is UTC."""


def asks_database(connection: Connection, clock: Clock) -> bool:
    """Whether a statement of this connection should select `NOW`."""
    return connection.dialect.name != "sqlite" and isinstance(clock, SystemClock)


def now_of(read: Instant | None, clock: Clock) -> Instant:
    """The instant that was selected, or the clock's if it was not asked for."""
    return clock.now() if read is None else read
