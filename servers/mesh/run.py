"""`nectary serve`: from names of services to running processes."""

from collections.abc import Sequence

from servers.mesh.config import Config
from servers.mesh.serve import run_here
from servers.mesh.wiring import SLICES
from servers.mesh.workers import run_workers

ALL = "all"


class UnknownServiceError(Exception):
    """No service of the mesh has this name."""


def run(config: Config, names: Sequence[str]) -> None:
    """Serves the named services, or all of them, until SIGTERM or SIGINT.

    Raises UnknownServiceError, ContractError, ListenError, DataFolderInUseError, EmbeddedRedisError,
    WorkerDiedError, or ValueError or OSError for a file that the configuration names: each says what
    is wrong in its text.
    """
    chosen = list(SLICES) if ALL in names else list(names)
    if unknown := [name for name in chosen if name not in SLICES]:
        raise UnknownServiceError(f"no such service: {', '.join(unknown)}; there are: {', '.join(SLICES)}")
    if config.workers > 1:
        run_workers(config, chosen)
    else:
        run_here(config, [SLICES[name] for name in chosen])
