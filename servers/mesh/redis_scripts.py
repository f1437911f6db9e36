"""Lua scripts that lie beside the module that runs them, in `lua/`."""

from collections.abc import Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from servers.mesh.redis_clients import AnyRedis


class Script:
    """A Lua script, sent whole only to a server that does not know it."""

    def __init__(self, package: str | None, *names: str) -> None:
        """`names` of files in the package's `lua/`, put one after the other. `package`: a module's own."""
        if package is None:
            raise ValueError("scripts lie in a package")
        folder = files(package) / "lua"
        self.text = "".join((folder / name).read_text("utf-8") for name in names)
        # Not for security: the server knows its scripts by this name.
        self.name = sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, client: AnyRedis, keys: Sequence[bytes], arguments: Sequence[bytes]) -> Any:
        """Its answer. Raises RedisError if it gave none: it may have run all the same, so ask no more."""
        call: Any = client
        try:
            return await call.evalsha(self.name, len(keys), *keys, *arguments)
        except NoScriptError:
            return await call.eval(self.text, len(keys), *keys, *arguments)
