"""Events leave with the change they tell of, and in order."""

import pytest
from sqlalchemy import Connection

from domain.shared.errors import Refused
from servers.store.event import Event
from servers.store.outbox import Outbox
from servers.store.store import Store
from servers.store.tables import ServiceTables
from tests.contract.conftest import an_event, events
from tests.fakes import EPOCH


@pytest.fixture
def outbox(tables: ServiceTables) -> Outbox:
    return Outbox(tables.outbox)


async def unpublished(store: Store, outbox: Outbox, limit: int = 100) -> list[Event]:
    return [entry.event for entry in await store.read(outbox.unpublished, limit)]


async def test_an_event_comes_out_as_it_went_in(store: Store, outbox: Outbox) -> None:
    await store.transact(outbox.append, events(3))

    assert await unpublished(store, outbox) == events(3)
    assert await unpublished(store, outbox, limit=2) == events(2)


async def test_an_event_goes_with_its_transaction(store: Store, outbox: Outbox) -> None:
    def appends_and_refuses(connection: Connection) -> None:
        outbox.append(connection, events(1))
        raise Refused("CAUSE_USED", "no")

    with pytest.raises(Refused):
        await store.transact(appends_and_refuses)

    assert await unpublished(store, outbox) == []


async def test_what_is_published_is_not_seen_again_unless_it_was_lost(store: Store, outbox: Outbox) -> None:
    await store.transact(outbox.append, events(4))
    entries = await store.read(outbox.unpublished, 100)
    for moment, entry in enumerate(entries, start=EPOCH):
        await store.transact(outbox.mark_published, [entry.id], moment)
    assert await unpublished(store, outbox) == []

    assert await store.transact(outbox.requeue, EPOCH + 1, 100) == 2

    assert await unpublished(store, outbox) == events(2, first=3)


async def test_only_what_was_published_long_ago_is_forgotten(store: Store, outbox: Outbox) -> None:
    await store.transact(outbox.append, events(4))
    first, second, *_ = await store.read(outbox.unpublished, 100)
    await store.transact(outbox.mark_published, [first.id], EPOCH)
    await store.transact(outbox.mark_published, [second.id], EPOCH + 1)

    assert await store.transact(outbox.purge, EPOCH + 1, 100) == 1
    assert await store.transact(outbox.purge, EPOCH + 1, 100) == 0
    assert await store.read(outbox.backlog) == (2, EPOCH)
    assert await store.transact(outbox.requeue, 0, 100) == 1


async def test_a_backlog_of_nothing_is_told(store: Store, outbox: Outbox) -> None:
    assert await store.read(outbox.backlog) == (0, None)


def test_an_event_survives_the_stream() -> None:
    event = an_event(1)
    stream = {
        name.encode(): value if isinstance(value, bytes) else str(value).encode()
        for name, value in event.to_row().items()
    }

    assert Event.from_fields(stream) == event
    with pytest.raises(ValueError, match="payload"):
        Event.from_fields({name: value for name, value in stream.items() if name != b"payload"})
