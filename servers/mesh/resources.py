"""What the slices of one process share, made when the first of them asks, closed after the last."""

from contextlib import AsyncExitStack
from functools import cached_property

from google.protobuf.descriptor import ServiceDescriptor
from sqlalchemy.exc import DBAPIError

from clients import Channel, Tls, connect
from servers.mesh.clock import Clock, SystemClock, TestClock
from servers.mesh.config import EMBEDDED, Config
from servers.mesh.data_folder import DataFolder
from servers.mesh.embedded import start_embedded_redis
from servers.mesh.judging.judge import Chambers
from servers.mesh.redis_clients import AnyRedis, short_calls, waiting_calls
from servers.store.config import StoreConfig
from servers.store.migrations import current, migrate, newest
from servers.store.store import Store


class SchemaError(ValueError):
    """The database has another schema than this version of the program."""


class Resources:
    """Clock, stores and Redis of one process. `closing` ends in reverse order whatever was begun."""

    def __init__(self, config: Config, closing: AsyncExitStack) -> None:
        self.config = config
        self.clock: Clock = TestClock() if config.test_clock else SystemClock()
        self.system_clock = SystemClock()
        """Real time, for tokens and leases: a test clock does not move it."""
        self.chambers: Chambers | None = None
        """What this process judges its calls with; None if it judges nothing."""
        self._closing = closing
        self._data_folder: DataFolder | None = None
        self._address = ""

    def store(self, service: str) -> Store:
        """The database of a service."""
        url = self.config.store_url_of(service)
        if self.config.store_url == EMBEDDED:
            # Ours alone: nobody else could bring it up to date.
            self._own_data_folder()
            migrate(url)
        else:
            _require_schema(url, service)
        store = Store(StoreConfig(url=url, pool_size=self.config.store_pool_size))
        self._closing.push_async_callback(store.close)
        return store

    def redis(self) -> AnyRedis:
        """A client for calls that answer at once."""
        return self._closed_at_end(short_calls(self._redis_url))

    def waiting_redis(self) -> AnyRedis:
        """A client for reads that wait."""
        return self._closed_at_end(waiting_calls(self._redis_url))

    @cached_property
    def _redis_url(self) -> str:
        if self.config.redis_url != EMBEDDED:
            return self.config.redis_url
        self._own_data_folder()
        server = start_embedded_redis(self.config.data_folder / "redis")
        self._closing.callback(server.stop)
        return server.url

    def channel(self, target: str, *services: ServiceDescriptor) -> Channel:
        """To another service of the mesh, as which this process shows its certificate if it has one.

        Without a target to this very process: not before it listens.
        """
        config, tls = self.config, None
        if config.tls_ca and config.tls_cert and config.tls_key:
            tls = Tls(config.tls_ca.read_bytes(), config.tls_cert.read_bytes(), config.tls_key.read_bytes())
        channel = connect(target or self._address, *services, tls=tls)
        self._closing.push_async_callback(channel.close)
        return channel

    def announce(self, address: str) -> None:
        """Takes note, and leaves word in the data folder, if this process has one, where it listens."""
        self._address = address
        if self._data_folder is not None:
            self._data_folder.announce(address)

    def _own_data_folder(self) -> None:
        """Keeps other processes out of it, from the first use on."""
        if self._data_folder is None:
            self._data_folder = DataFolder(self.config.data_folder)
            self._closing.callback(self._data_folder.close)

    def _closed_at_end(self, client: AnyRedis) -> AnyRedis:
        self._closing.push_async_callback(client.aclose)
        return client


def _require_schema(url: str, service: str) -> None:
    """Raises SchemaError: better now than at the first call."""
    try:
        found = current(url)
    except DBAPIError as error:
        raise SchemaError(f"the database of {service} does not answer: {error.orig}") from error
    if found != newest():
        raise SchemaError(f"the database of {service} has another schema: run `nectary migrate` first")
