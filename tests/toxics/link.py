"""One client's connection, the server's connection behind it, and the two ways between them."""

import asyncio
import socket
import struct

from tests.toxics.events import Answer, Close, Data, Eof, Event, Reset
from tests.toxics.toxic import Dose, Stream
from tests.toxics.way import Way

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
NO_LINGER = struct.pack("ii", 1, 0)
"""To close means to reset: on, for no second."""


class Link:
    """Relays until both sides have ended, or one event ends both. `seed` decides its toxics' chances."""

    def __init__(self, client: Ends, server: Ends, seed: str) -> None:
        (from_client, self._to_client), (from_server, self._to_server) = client, server
        self._seed = seed
        self._ways = {
            Stream.UPSTREAM: Way(from_client, self._deliver_to_server),
            Stream.DOWNSTREAM: Way(from_server, self._deliver_to_client),
        }

    async def run(self) -> None:
        ways = [asyncio.create_task(way.run()) for way in self._ways.values()]
        closing = False
        try:
            closing = await _ended(ways)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            if not closing:
                self.reset()
            await self._close()

    def reset(self) -> None:
        for writer in (self._to_client, self._to_server):
            if not writer.transport.is_closing():
                connection = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            writer.transport.abort()

    def put(self, dose: Dose) -> None:
        """A new toxic, or a new version of one."""
        if toxic := dose.on_link(self._seed):
            self._ways[dose.stream].put(dose.name, toxic)
        else:
            self._ways[dose.stream].remove(dose.name)

    def remove(self, dose: Dose) -> None:
        self._ways[dose.stream].remove(dose.name)

    async def _deliver_to_server(self, event: Event) -> None:
        if isinstance(event, Data):
            self._ways[Stream.DOWNSTREAM].tell(event.data)
        await _deliver(event, self._to_server, self._to_client)

    async def _deliver_to_client(self, event: Event) -> None:
        await _deliver(event, self._to_client, self._to_server)

    async def _close(self) -> None:
        for writer in (self._to_client, self._to_server):
            writer.close()
        for writer in (self._to_client, self._to_server):
            try:
                await writer.wait_closed()
            except OSError:
                continue  # the peer was first


async def _ended(ways: list[asyncio.Task[Event]]) -> bool:
    """Returns once both are over; whether what was written may still arrive."""
    for way in asyncio.as_completed(ways):
        try:
            last = await way
        except OSError:
            return False
        if isinstance(last, Close | Reset):
            return isinstance(last, Close)
    return True


async def _deliver(event: Event, onward: asyncio.StreamWriter, back: asyncio.StreamWriter) -> None:
    if isinstance(event, Data | Answer):
        writer = onward if isinstance(event, Data) else back
        writer.write(event.data)
        await writer.drain()
    elif isinstance(event, Eof) and not onward.transport.is_closing():
        onward.write_eof()
