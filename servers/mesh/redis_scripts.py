"""Lua scripts that lie beside the module that runs them, in `lua/`."""

from collections.abc import Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any, Self

from redis.exceptions import ConnectionError, NoScriptError

from servers.mesh.redis_clients import AnyRedis


class Script:
    """A Lua script, known to servers by its digest."""

    def __init__(self, text: str) -> None:
        self.text = text
        # Not for security: the server knows its scripts by this name.
        self.name = sha1(text.encode(), usedforsecurity=False).hexdigest()

    @classmethod
    def of(cls, package: str | None, *names: str) -> Self:
        """Made of files in the package's `lua/`, put one after the other. `package`: a module's own."""
        if package is None:
            raise ValueError("scripts lie in a package")
        folder = files(package) / "lua"
        return cls("".join((folder / name).read_text("utf-8") for name in names))

    def for_home(self, home: bytes) -> "Script":
        """The same under a name of its own, which no server knows but the one that it is sent to."""
        return Script(f"-- Of {home.decode()}\n{self.text}")

    async def run_known(self, client: AnyRedis, keys: Sequence[bytes], arguments: Sequence[bytes]) -> Any:
        """Its answer. Raises NoScriptError if the server does not know it, and so did not run it.

        Any other RedisError: it gave no answer, and may have run all the same, so ask no more.
        """
        return await _called("evalsha", client, self.name, len(keys), *keys, *arguments)

    async def send(self, client: AnyRedis, keys: Sequence[bytes], arguments: Sequence[bytes]) -> Any:
        """Its answer, from a server that knows it from now on."""
        return await _called("eval", client, self.text, len(keys), *keys, *arguments)

    async def run(self, client: AnyRedis, keys: Sequence[bytes], arguments: Sequence[bytes]) -> Any:
        """Its answer, from a server that may have to be told it first."""
        try:
            return await self.run_known(client, keys, arguments)
        except NoScriptError:
            return await self.send(client, keys, arguments)


async def _called(command: str, client: AnyRedis, *arguments: bytes | str | int) -> Any:
    try:
        return await getattr(client, command)(*arguments)
    except AttributeError as error:
        # What redis-py raises where another task has just closed a connection to a cluster's server.
        raise ConnectionError("the connection was closed meanwhile") from error
