"""A host and a port, as Toxiproxy writes them."""

from dataclasses import dataclass
from typing import Self

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    host: str = LOOPBACK
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """`host:port`, `[::1]:port`; without a host, loopback; nothing at all, a free port there.

        Raises ValueError.
        """
        host, _, port = text.rpartition(":")
        return cls(host.strip("[]") or LOOPBACK, int(port or 0))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


ANY_PORT = Address()
"""A free port of loopback."""
