"""Several gRPC servers as one: they share a port, and the kernel shares connections out among them.

A server of grpc.aio takes calls one after the other, each some turns of the event loop after the last
(https://github.com/grpc/grpc/pull/43461 tells of it). Under load whatever else has come waits in gRPC's
core, where nothing can gather it: of 256 calls under way 20 were in our hands, and batches stayed small.
"""

import asyncio
from collections.abc import Callable

import grpc

from servers.mesh.ports import held_port, port_of


class Acceptors:
    """`listen` or `listen_alone` once, then `start`, then `stop`."""

    def __init__(self, count: int, make: Callable[[], grpc.aio.Server]) -> None:
        """`make` makes a server that may share its port."""
        self._servers = [make() for _ in range(count)]
        self.have_closed = asyncio.Event()
        """Set once new calls are sent elsewhere: by the core, which can say that they were not begun."""

    def listen(self, address: str, keys: grpc.ServerCredentials | None = None) -> None:
        """All on one address: a port that is held, or a Unix socket. Raises RuntimeError if it is taken."""
        for server in self._servers:
            if keys:
                server.add_secure_port(address, keys)
            else:
                server.add_insecure_port(address)

    def listen_alone(self, host: str, port: int, keys: grpc.ServerCredentials | None = None) -> str:
        """The address: a port that nobody else has, or with 0 any free one. Raises OSError if it is taken."""
        with held_port(host, port) as held:
            address = f"{host}:{port_of(held)}"
            self.listen(address, keys)
        return address

    async def start(self) -> None:
        await asyncio.gather(*(server.start() for server in self._servers))

    async def stop(self, grace: float | None) -> None:
        """Takes no more calls; returns when all have ended, those that last `grace` seconds by force."""
        stopping = [asyncio.create_task(server.stop(grace)) for server in self._servers]
        # Each closes in its first step.
        await asyncio.sleep(0)
        self.have_closed.set()
        await asyncio.gather(*stopping)
