"""Whether a database can do its work, as health wants to know it."""

from sqlalchemy import Connection, Table, text

from servers.mesh.clock import Clock
from servers.store.leases import acquire
from servers.store.store import Store


async def probe(store: Store, lease_table: Table, clock: Clock) -> None:
    """Raises if it cannot.

    A full disk and a primary that became read-only still answer reads. So once a write has failed, the
    probe writes, too: it takes a lease of its own that ends at once.
    """
    if not store.last_write_failed:
        await store.read(_answers)
        return
    now = clock.now()
    await store.transact(acquire, lease_table, "health", "probe", now, until=now)


def _answers(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))
