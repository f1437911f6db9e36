"""Which server a command talks to, and how it proves who is asking."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from servers.mesh.cli.exits import CommandError

if TYPE_CHECKING:
    from clients.channel import Tls

DEFAULT_TARGET = "127.0.0.1:50051"


@dataclass(frozen=True)
class Target:
    """An address, and why it was chosen."""

    address: str
    because: str

    @property
    def is_local(self) -> bool:
        """Whether what is sent there stays on this machine."""
        return self.address.startswith(("127.", "localhost:", "[::1]:", "unix:"))


def find_target(asked: str | None) -> Target:
    """What `--target` or NECTARY_TARGET names, else this folder's running server, else the usual port."""
    if asked:
        return Target(asked, "as asked")
    if named := os.environ.get("NECTARY_TARGET"):
        return Target(named, "NECTARY_TARGET")
    from servers.mesh.data_folder import running_address

    folder = Path(os.environ.get("NECTARY_DATA_FOLDER") or ".nectary")
    if running := running_address(folder):
        return Target(running, f"it runs in {folder}")
    return Target(DEFAULT_TARGET, "the default")


def credentials(target: Target) -> "tuple[Tls | None, str | None]":
    """TLS and token from the environment: on a command line anyone on the machine could read them.

    NECTARY_CA is a PEM file and turns TLS on; NECTARY_CERT and NECTARY_KEY are ours; NECTARY_TOKEN is an
    operator's. Raises CommandError if a file cannot be read, or the token would cross a network in the clear.
    """
    token = os.environ.get("NECTARY_TOKEN") or None
    if not os.environ.get("NECTARY_CA"):
        if token and not target.is_local:
            raise CommandError(
                f"NECTARY_TOKEN would cross the network to {target.address} in the clear",
                hint="set NECTARY_CA",
            )
        return None, token
    from clients.channel import Tls

    ca, certificate, key = (_read(name) for name in ("NECTARY_CA", "NECTARY_CERT", "NECTARY_KEY"))
    return Tls(ca or b"", certificate, key), token


def _read(variable: str) -> bytes | None:
    path = os.environ.get(variable)
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CommandError(f"{variable}: cannot read {path}: {error.strerror}") from error
