"""A proxy for the time of a test: on the test's own event loop, or in a thread for tests that have none."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from tests.toxics.address import ANY_PORT, Address
from tests.toxics.proxy import Proxy
from tests.toxics.toxic import Dose, Stream, Toxic

T = TypeVar("T")


@asynccontextmanager
async def toxic_proxy(upstream_port: int, *, seed: int = 0) -> AsyncIterator[Proxy]:
    """Relays a free port of loopback to another."""
    async with Proxy(Address(port=upstream_port), ANY_PORT, seed=seed) as proxy:
        yield proxy


class ProxyInThread:
    """The same for synchronous code. What it is told holds when the call returns."""

    def __init__(self, proxy: Proxy, loop: asyncio.AbstractEventLoop) -> None:
        self._proxy = proxy
        self._loop = loop

    @property
    def port(self) -> int:
        return self._proxy.port

    def add(
        self, toxic: Toxic, *, stream: Stream | None = None, name: str | None = None, toxicity: float = 1.0
    ) -> Dose:
        return self._do(lambda: self._proxy.add(toxic, stream=stream, name=name, toxicity=toxicity))

    def remove(self, name: str) -> None:
        self._do(lambda: self._proxy.remove(name))

    def mute(self) -> None:
        self._do(self._proxy.mute)

    def clear(self) -> None:
        self._do(self._proxy.clear)

    def cut(self) -> None:
        self._do(self._proxy.cut)

    def _do(self, change: Callable[[], T]) -> T:
        async def done() -> T:
            return change()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result()


@contextmanager
def toxic_proxy_in_thread(upstream_port: int, *, seed: int = 0) -> Iterator[ProxyInThread]:
    """Relays a free port of loopback to another, from an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="toxic-proxy", daemon=True)
    thread.start()
    proxy = Proxy(Address(port=upstream_port), ANY_PORT, seed=seed)
    try:
        asyncio.run_coroutine_threadsafe(proxy.start(), loop).result()
        yield ProxyInThread(proxy, loop)
    finally:
        asyncio.run_coroutine_threadsafe(proxy.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
