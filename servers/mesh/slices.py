"""How a slice plugs into the process: what it serves, what it does by itself, how it ends."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from prometheus_client.registry import Collector

from servers.mesh.health import Probe
from servers.mesh.routes import AddServicer


@dataclass(frozen=True)
class Served:
    """One gRPC service."""

    add: AddServicer
    """The generated `add_..Servicer_to_server`."""
    servicer: object
    full_name: str
    """`nectary.identity.v1.IdentityService`."""


@dataclass(frozen=True)
class Job:
    """Work in the background, for as long as the process runs.

    `run` returns only when it is cancelled. One that raises is logged and run again after a second.
    A job that must have one holder among all replicas takes its lease itself.
    """

    name: str
    run: Callable[[], Awaitable[None]]


async def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Slice:
    """A service's part of the process, as `wiring` puts it together."""

    name: str
    servicers: Sequence[Served]
    jobs: Sequence[Job] = ()
    probes: Sequence[Probe] = ()
    """What must answer for this slice to be healthy."""
    collectors: Sequence[Collector] = ()
    """What the metrics page tells of this slice."""
    close: Callable[[], Awaitable[None]] = _nothing
    """Closes pools; called after the last call and the last job."""
