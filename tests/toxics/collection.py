"""Proxies by their names, as the API speaks of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.toxics.address import ANY_PORT, Address
from tests.toxics.errors import BadRequest, CannotListen, ProxyExists, ProxyNotFound
from tests.toxics.proxy import Proxy


@dataclass(frozen=True)
class Wish:
    """What a proxy shall be like."""

    name: str
    upstream: Address
    listen: Address = ANY_PORT
    enabled: bool = True


class Proxies:
    """`seed` decides the chances of every proxy. Whatever starts one raises CannotListen."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._proxies: dict[str, Proxy] = {}

    def all(self) -> list[Proxy]:
        return list(self._proxies.values())

    def get(self, name: str) -> Proxy:
        """Raises ProxyNotFound."""
        if name not in self._proxies:
            raise ProxyNotFound
        return self._proxies[name]

    async def create(self, wish: Wish) -> Proxy:
        """Raises ProxyExists."""
        if wish.name in self._proxies:
            raise ProxyExists
        proxy = Proxy(wish.upstream, wish.listen, name=wish.name, seed=self._seed)
        await _enable(proxy, wish.enabled)
        self._proxies[wish.name] = proxy
        return proxy

    async def update(self, wish: Wish) -> Proxy:
        """New addresses end its connections. Its toxics stay. Raises ProxyNotFound."""
        proxy = self.get(wish.name)
        if (wish.listen, wish.upstream) != (proxy.listen, proxy.upstream):
            await proxy.stop()
            proxy.listen, proxy.upstream = wish.listen, wish.upstream
        await _enable(proxy, wish.enabled)
        return proxy

    async def delete(self, name: str) -> None:
        """Raises ProxyNotFound."""
        await self.get(name).stop()
        del self._proxies[name]

    async def populate(self, wishes: Sequence[Wish]) -> list[Proxy]:
        """Create them, or replace them; one whose addresses are as wished keeps toxics and connections.

        Raises BadRequest if two have one name.
        """
        if len({wish.name for wish in wishes}) < len(wishes):
            raise BadRequest("two proxies have one name")
        return [await self._populate(wish) for wish in wishes]

    async def _populate(self, wish: Wish) -> Proxy:
        if old := self._proxies.get(wish.name):
            if (old.listen, old.upstream) == (wish.listen, wish.upstream):
                return await self.update(wish)
            await self.delete(wish.name)
        return await self.create(wish)

    async def reset(self) -> None:
        """Enable all, without toxics."""
        for proxy in self.all():
            proxy.clear()
            await _enable(proxy, True)

    async def close(self) -> None:
        for proxy in self.all():
            await proxy.stop()


async def _enable(proxy: Proxy, enabled: bool) -> None:
    try:
        await (proxy.start() if enabled else proxy.stop())
    except OSError as error:
        raise CannotListen(str(error)) from None
