"""One run of a transaction: synchronous, and the same for every engine."""

import asyncio
import inspect
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import RootTransaction

from servers.store.faults import CommitUnknown, Fault, fault_of

T = TypeVar("T")

_CAN_WAIT = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


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
        _let_go(error)
        raise


def _let_go(error: Exception) -> None:
    """Empties the frames that an error keeps, and lets go of results that were half read in them.

    SQLite would go on showing their moment to whoever has the connection next, for as long as anybody has the
    error. An error that was raised before may keep frames that only wait, which are not to be touched.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if not frame.f_code.co_flags & _CAN_WAIT:
            with suppress(RuntimeError):  # still running: our own
                frame.clear()


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
