"""Where a server is killed again and again: its database, its Redis, whoever listens to it."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import redis
from sqlalchemy import Engine, func, select, update

from clients import CatalogClient, Channel, IdentityClient, connect
from servers.identity.sql.tables import common
from servers.mesh.cli.messages import read_catalog
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from servers.store.migrations import migrate
from tests.faults.downstream import Downstream, downstream
from tests.faults.image import Image, image_of
from tests.faults.process import ROOT, Nursery, Server

EXAMPLE = ROOT / "examples" / "nectary.example.yaml"


class Ground:
    """One database with the example catalogue, and the server that writes into it now."""

    def __init__(
        self, url: str, redis_url: str, nursery: Nursery, engine: Engine, listener: Downstream
    ) -> None:
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
    def client(self) -> IdentityClient:
        return IdentityClient(self.channel)

    def new_member(self) -> str:
        return f"member-{next(self._numbers)}"

    def settings(self, *, jobs: bool) -> dict[str, object]:
        """Without jobs, every step of a server is one of the call that it answers."""
        usual = {"store_url": self.url, "redis_url": self.redis_url, "jobs": "on" if jobs else "off"}
        return usual | self.overrides

    async def restart(self, *, jobs: bool = False) -> None:
        """Another server in the place of the one before, which is killed if it lives."""
        await self.close()
        self._server = await self.nursery.start(**self.settings(jobs=jobs))
        self._channel = connect(self.server.address)

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()
        if self._server is not None:
            self._server.kill()

    def image(self) -> Image:
        return image_of(self.engine)

    def unpublished(self) -> int:
        """Events that wait for the relay."""
        waiting = select(func.count()).where(common.outbox.c.published_time.is_(None))
        with self.engine.connect() as connection:
            return int(connection.scalar(waiting) or 0)

    def let_leases_run_out(self) -> None:
        """As if the time that a dead holder's leases had left were over."""
        lease = common.lease
        with self.engine.begin() as connection:
            connection.execute(update(lease).where(lease.c.holder != "a test").values(expires_time=0))


@asynccontextmanager
async def ground(url: str, redis_url: str, nursery: Nursery, folder: Path) -> AsyncIterator[Ground]:
    """A ground on an empty database, its server without jobs."""
    migrate(url)
    with redis.from_url(redis_url) as client:
        client.flushall()
    engine = blocking_engine(StoreConfig(url, pool_size=1))
    async with AsyncExitStack() as closing:
        closing.callback(engine.dispose)
        listener = await closing.enter_async_context(downstream(url, redis_url, folder))
        made = Ground(url, redis_url, nursery, engine, listener)
        closing.push_async_callback(made.close)
        await made.restart()
        await CatalogClient(made.channel).apply_catalog(read_catalog(EXAMPLE))
        yield made
