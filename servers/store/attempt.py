"""One run of a transaction: synchronous, and the same for every engine."""

import asyncio
import traceback
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import RootTransaction

from servers.store.faults import CommitUnknown, Fault, fault_of

T = TypeVar("T")


def write_once(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Commit what `work` does, or nothing if it raises.

    Raises what `work` raises, the driver's error of whatever failed before the end, and CommitUnknown.
    """
    with engine.connect() as connection:
        transaction = connection.begin()
        result = _do(connection, work)
        _commit(connection, transaction)
        return result


def read_once(engine: Engine, work: Callable[[Connection], T]) -> T:
    """What `work` returns; whatever it may have written is rolled back, as closing always does."""
    with engine.connect() as connection:
        connection.begin()
        return _do(connection, work)


def _do(connection: Connection, work: Callable[[Connection], T]) -> T:
    try:
        return work(connection)
    except Exception as error:
        if fault_of(error) is Fault.DOWN and not connection.invalidated:
            # A primary that became read-only still answers: its connection must not be pooled again.
            connection.invalidate(error)
        # Whoever keeps the error keeps its frames, and with them results that were half read: SQLite would go
        # on showing their moment to whoever has the connection next.
        traceback.clear_frames(error.__traceback__)
        raise


def _commit(connection: Connection, transaction: RootTransaction) -> None:
    try:
        transaction.commit()
    except (Exception, asyncio.CancelledError) as error:
        if fault_of(error) is Fault.RACED:
            raise  # the server said so itself: it is rolled back
        # Closed, not rolled back: if that failed too, its error would hide that this one is unknown.
        if not connection.invalidated:
            connection.invalidate()
        raise CommitUnknown("COMMIT failed without saying what became of it") from error
