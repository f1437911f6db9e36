"""One holder for each background job, on any number of replicas.

A lease is a row: who holds it, until when, and a fence that grows with every new holder. Whoever holds
it renews it; when the renewals stop, another takes over. A holder that was asleep meanwhile cannot know:
so a job that writes asks `Lease.confirm` inside its transaction, where the row decides.

Clocks of different hosts may differ by less than the time to live; by more, the lease moves about, and
the fence still lets only one holder write.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.store.faults import is_duplicate


class LeaseLost(Exception):
    """Another holder runs this job now. Nothing was written under the old lease."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run one job, until it is lost."""

    table: Table
    name: str
    holder: str
    fence: int

    def confirm(self, connection: Connection) -> None:
        """Nobody else holds the lease, nor will before this transaction ends. Raises LeaseLost.

        It writes the row, so a would-be new holder waits for the end of the transaction.
        """
        same = update(self.table).where(*self._mine()).values(fence=self.fence)
        if connection.execute(same).rowcount != 1:
            raise LeaseLost(self.name)

    def renew(self, connection: Connection, until: Instant) -> bool:
        """Keep it until then. False if it was lost."""
        later = update(self.table).where(*self._mine()).values(expires_time=until)
        return connection.execute(later).rowcount == 1

    def release(self, connection: Connection, now: Instant) -> None:
        """Let the next one have it at once."""
        connection.execute(update(self.table).where(*self._mine()).values(expires_time=now))

    def _mine(self) -> tuple[ColumnElement[bool], ...]:
        columns = self.table.c
        return (columns.name == self.name, columns.holder == self.holder, columns.fence == self.fence)


def acquire(
    connection: Connection, table: Table, name: str, holder: str, now: Instant, until: Instant
) -> Lease | None:
    """The lease, if it is free or its time is over; None if somebody holds it.

    `holder` names one process and one life of it. Raises Raced if another was faster.
    """
    columns = table.c
    held = connection.execute(select(columns.fence, columns.expires_time).where(columns.name == name)).first()
    if held is None:
        _create(connection, table, name, holder, until)
        return Lease(table, name, holder, fence=1)
    if held.expires_time > now:
        return None
    taken = (
        update(table)
        .where(columns.name == name, columns.fence == held.fence, columns.expires_time <= now)
        .values(holder=holder, fence=held.fence + 1, expires_time=until)
    )
    if connection.execute(taken).rowcount != 1:
        raise Raced("TRANSACTION_RACED", "another process took the lease")
    return Lease(table, name, holder, held.fence + 1)


def _create(connection: Connection, table: Table, name: str, holder: str, until: Instant) -> None:
    row = {"name": name, "holder": holder, "fence": 1, "expires_time": until}
    try:
        connection.execute(insert(table), row)
    except IntegrityError as error:
        if is_duplicate(error):
            raise Raced("TRANSACTION_RACED", "another process took the lease") from error
        raise
