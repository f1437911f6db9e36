"""A proxy: a listener, the links that it accepted, and the toxics that they get."""

import asyncio
from dataclasses import replace
from typing import Self

from tests.toxics.address import Address
from tests.toxics.errors import ToxicExists, ToxicNotFound
from tests.toxics.kinds import Timeout
from tests.toxics.link import Ends, Link
from tests.toxics.toxic import Dose, Stream, Toxic

CONNECT_SECONDS = 5


class Proxy:
    """Relays until told otherwise. Changes of its toxics count for open connections, too.

    The chances of toxics depend on `seed`, on the number of a connection, and on the toxic's name alone.
    """

    def __init__(self, upstream: Address, listen: Address, *, name: str = "proxy", seed: int = 0) -> None:
        self.name = name
        self.upstream = upstream
        self.listen = listen
        """With the port that the system gave, once it listens."""
        self._seed = seed
        self._accepted = 0
        self._cuts = 0
        self._listener: asyncio.Server | None = None
        self._links: dict[Link, asyncio.Task[None]] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._doses: dict[str, Dose] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def port(self) -> int:
        return self.listen.port

    @property
    def enabled(self) -> bool:
        return self._listener is not None

    @property
    def doses(self) -> list[Dose]:
        return list(self._doses.values())

    async def start(self) -> None:
        """Nothing happens if it runs. Raises OSError if it cannot listen."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._accept, self.listen.host, self.listen.port)
            port = self._listener.sockets[0].getsockname()[1]
            self.listen = replace(self.listen, port=port)

    async def stop(self) -> None:
        """As if the server were down: connections are refused, and open ones reset. It keeps its port."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self.cut()
        await asyncio.gather(*self._opening)
        await asyncio.gather(*self._links.values(), return_exceptions=True)

    def cut(self) -> None:
        """Reset every connection now, those that are about to open too."""
        self._cuts += 1
        for link, running in self._links.items():
            link.reset()
            running.cancel()

    def add(
        self,
        toxic: Toxic,
        *,
        stream: Stream | None = None,
        name: str | None = None,
        toxicity: float = 1.0,
    ) -> Dose:
        """By default downstream, unless it is a toxic of requests, and named `<type>_<stream>`.

        Raises ToxicExists if there is one of that name, and ValueError if it cannot work so.
        """
        stream = stream or toxic.stream or Stream.DOWNSTREAM
        dose = Dose(name or f"{toxic.type}_{stream}", toxic, stream, toxicity)
        if dose.name in self._doses:
            raise ToxicExists
        self._doses[dose.name] = dose
        for link in self._links:
            link.put(dose)
        return dose

    def update(self, name: str, toxic: Toxic, *, toxicity: float | None = None) -> Dose:
        """Raises ToxicNotFound, and ValueError if it cannot work so."""
        old = self.dose(name)
        dose = replace(old, toxic=toxic, toxicity=old.toxicity if toxicity is None else toxicity)
        self._doses[name] = dose
        for link in self._links:
            link.put(dose)
        return dose

    def dose(self, name: str) -> Dose:
        """Raises ToxicNotFound."""
        if name not in self._doses:
            raise ToxicNotFound
        return self._doses[name]

    def remove(self, name: str) -> None:
        """Raises ToxicNotFound."""
        dose = self.dose(name)
        del self._doses[name]
        for link in self._links:
            link.remove(dose)

    def mute(self) -> None:
        """Connections stay open, new ones are accepted, and nothing passes, until `clear` closes them."""
        for stream in Stream:
            self.add(Timeout(), stream=stream)

    def clear(self) -> None:
        """Remove every toxic."""
        for name in list(self._doses):
            self.remove(name)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted += 1
        task = asyncio.create_task(self._open((reader, writer), f"{self._seed}/{self._accepted}"))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, client: Ends, seed: str) -> None:
        cuts = self._cuts
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                server = await asyncio.open_connection(self.upstream.host, self.upstream.port)
        except OSError:
            client[1].transport.abort()
            return
        link = Link(client, server, seed)
        for dose in self._doses.values():
            link.put(dose)
        if self._cuts > cuts:
            link.reset()
        task = asyncio.create_task(link.run())
        self._links[link] = task
        task.add_done_callback(lambda _: self._links.pop(link))
