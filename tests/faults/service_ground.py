"""Where a service's server is killed again and again: its database, its Redis, whoever listens to it."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import redis
from sqlalchemy import Connection, Engine, MetaData, Table, func, select, update

from clients import Channel, connect
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from servers.store.tables import ServiceTables
from tests.faults.downstream import Downstream, downstream
from tests.faults.image import Image, image_of
from tests.faults.process import Nursery, Server
from tests.migrated import have_tables

C = TypeVar("C")


def _nothing_more(_: Connection) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Service(Generic[C]):
    """What is a service's own."""

    name: str
    """Of its slice."""
    stream: str
    metadata: MetaData
    common: ServiceTables
    facts: Table
    """Numbered by `seq`, without a gap, for each subject; each is told of by one event."""
    heads: Table
    """Whose `version` is the number of the last."""
    subject: str
    """The column of both that says whose they are."""
    client: Callable[[Channel], C]
    amiss: Callable[[Connection], Iterable[str]] = _nothing_more
    """What else is wrong with its books, in words."""


class ServiceGround(Generic[C]):
    """One database, and the server that writes into it now."""

    def __init__(
        self,
        service: Service[C],
        url: str,
        redis_url: str,
        nursery: Nursery,
        engine: Engine,
        listener: Downstream,
    ) -> None:
        self.service = service
        self.url = url
        self.redis_url = redis_url
        self.nursery = nursery
        self.engine = engine
        self.downstream = listener
        self.overrides: dict[str, object] = {}
        """Settings that the next server gets in place of the usual ones."""
        self._numbers = itertools.count(1)
        self._server: Server | None = None
        self._channel: Channel | None = None

    @property
    def server(self) -> Server:
        assert self._server is not None, "started by `restart`"
        return self._server

    @property
    def channel(self) -> Channel:
        """To the server. Nothing is repeated by itself: a test sees every answer."""
        assert self._channel is not None, "opened by `restart`"
        return self._channel

    @property
    def client(self) -> C:
        return self.service.client(self.channel)

    def new_member(self) -> str:
        return f"member-{next(self._numbers)}"

    def settings(self, *, jobs: bool) -> dict[str, object]:
        """Without jobs, every step of a server is one of the call that it answers."""
        usual = {
            "slices": self.service.name,
            "store_url": self.url,
            "redis_url": self.redis_url,
            "jobs": "on" if jobs else "off",
        }
        return usual | self.overrides

    async def restart(self, *, jobs: bool = False) -> None:
        """Another server in the place of the one before, which is killed if it lives."""
        await self.close()
        self._server = await self.nursery.start(**self.settings(jobs=jobs))
        self._channel = connect(self.server.address)

    async def restart_with_jobs(self) -> None:
        """A fresh server whose jobs need not wait for those of the dead one."""
        await self.close()
        self.let_leases_run_out()
        await self.restart(jobs=True)

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()
        if self._server is not None:
            self._server.kill()

    def image(self) -> Image:
        return image_of(self.engine, self.service.metadata, self.service.common.lease)

    def unpublished(self) -> int:
        """Events that wait for the relay."""
        outbox = self.service.common.outbox
        waiting = select(func.count()).where(outbox.c.published_time.is_(None))
        with self.engine.connect() as connection:
            return int(connection.scalar(waiting) or 0)

    def let_leases_run_out(self) -> None:
        """As if the time that a dead holder's leases had left were over."""
        lease = self.service.common.lease
        with self.engine.begin() as connection:
            connection.execute(update(lease).where(lease.c.holder != "a test").values(expires_time=0))

    def amiss(self) -> list[str]:
        """What is wrong with the service's books, in words."""
        with self.engine.connect() as connection:
            return list(self.service.amiss(connection))


@asynccontextmanager
async def service_ground(
    service: Service[C], url: str, redis_url: str, nursery: Nursery, folder: Path
) -> AsyncIterator[ServiceGround[C]]:
    """A ground on an empty database, its server without jobs."""
    have_tables(url)
    with redis.from_url(redis_url) as client:
        client.flushall()
    engine = blocking_engine(StoreConfig(url, pool_size=1))
    async with AsyncExitStack() as closing:
        closing.callback(engine.dispose)
        listening = downstream(url, redis_url, folder, service.common, service.stream)
        listener = await closing.enter_async_context(listening)
        made = ServiceGround(service, url, redis_url, nursery, engine, listener)
        closing.push_async_callback(made.close)
        await made.restart()
        yield made
