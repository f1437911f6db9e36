"""What is old is forgotten, and nothing else."""

import pytest
from sqlalchemy import Connection, Table, func, select

from domain.shared.instants import DAY
from servers.store.idempotency import RETENTION, Answer, Idempotency, Key
from servers.store.inbox import Inbox
from servers.store.leases import Lease
from servers.store.outbox import Outbox
from servers.store.retention import BATCH, Retention
from servers.store.store import Store
from servers.store.tables import ServiceTables
from tests.contract.conftest import events
from tests.fakes import FakeClock


def rows(connection: Connection, table: Table) -> int:
    return int(connection.scalars(select(func.count()).select_from(table)).one())


async def test_each_table_forgets_after_its_own_time(
    store: Store, tables: ServiceTables, lease: Lease, clock: FakeClock
) -> None:
    outbox, inbox = Outbox(tables.outbox), Inbox(tables.inbox, "points")
    idempotency = Idempotency(tables.idempotency)
    retention = Retention(store, outbox, inbox, idempotency, clock, outbox_days=7, inbox_days=30)
    key = Key("svc/orders", "request-1")
    many = events(BATCH + 1)
    await store.transact(outbox.append, [*many, *events(1, subject="unpublished")])
    entries = await store.read(outbox.unpublished, BATCH + 1)
    await store.transact(outbox.mark_published, [entry.id for entry in entries], clock.now())
    await store.transact(inbox.take, many, clock.now())
    await store.transact(idempotency.store, [Answer(key, "method", b"\0" * 32, b"", clock.now())])

    async def left() -> list[int]:
        return [await store.read(rows, each) for each in (tables.outbox, tables.inbox, tables.idempotency)]

    await retention.run(lease)
    assert await left() == [BATCH + 2, BATCH + 1, 1]

    clock.advance(7 * DAY + 1)
    await retention.run(lease)
    assert await left() == [1, BATCH + 1, 1], "what was never published stays"

    clock.advance(RETENTION)
    await retention.run(lease)
    assert await left() == [1, 0, 0]


@pytest.mark.parametrize(("outbox_days", "inbox_days"), [(0, 30), (7, 7), (30, 7)])
def test_an_inbox_that_forgets_before_the_outbox_is_refused(
    store: Store, undeployed_tables: ServiceTables, clock: FakeClock, outbox_days: int, inbox_days: int
) -> None:
    tables = undeployed_tables
    with pytest.raises(ValueError, match="outbox_days"):
        Retention(
            store,
            Outbox(tables.outbox),
            Inbox(tables.inbox, "points"),
            Idempotency(tables.idempotency),
            clock,
            outbox_days,
            inbox_days,
        )
