"""A running server: from the first open port to the last answered call."""

import asyncio

import grpc
import structlog

from servers.mesh.acceptors import Acceptors
from servers.mesh.config import Config
from servers.mesh.jobs import Jobs
from servers.mesh.metrics import MetricsPage
from servers.mesh.process import Process
from servers.mesh.slices import Job
from servers.mesh.transport import acceptors_of, channel_options, credentials

TRANSPORT_CAP_FACTOR = 2

_log = structlog.get_logger("nectary.server")


class ListenError(Exception):
    """The port could not be opened."""


class Server:
    """Serves one process. `start` once, then `drain` once."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._config = process.config
        self._jobs = Jobs()
        self._page: MetricsPage | None = None
        self.address = ""
        """Where it listens, once it does: `127.0.0.1:50051` or `unix:/path`."""

    @property
    def metrics_port(self) -> int | None:
        """Where the metrics page is, if there is one."""
        return self._page.port if self._page else None

    async def start(self) -> None:
        """Opens the port, after the first look at the probes. Raises ListenError if it is taken."""
        process, config = self._process, self._config
        self._acceptors = Acceptors(acceptors_of(config), self._acceptor)
        self.address = _listen(self._acceptors, config)
        await process.health.check()
        await self._acceptors.start()
        if config.metrics_port >= 0:
            self._page = process.metrics.serve(_page_host(config), config.metrics_port)
        self._jobs.start([*process.jobs, Job("watch health", process.health.watch)])

    async def drain(self) -> None:
        """Says NOT_SERVING, waits for the balancer, takes no more calls, finishes those it has."""
        config = self._config
        _log.info("draining", calls=self._process.admission.running)
        await self._process.health.drain()
        await asyncio.sleep(config.drain_wait_seconds)
        stopping = asyncio.create_task(self._acceptors.stop(config.drain_grace_seconds))
        await self._acceptors.have_closed.wait()
        self._process.admission.close()
        await stopping
        await self._jobs.stop()
        if self._page:
            self._page.close()
        _log.info("drained")

    def _acceptor(self) -> grpc.aio.Server:
        config, routes = self._config, self._process.routes
        return grpc.aio.server(
            handlers=(routes,),
            options=channel_options(config, routes.methods),
            # A backstop without details, for what comes faster than our own cap can refuse it.
            maximum_concurrent_rpcs=config.max_calls * TRANSPORT_CAP_FACTOR,
        )


def cannot_listen(config: Config) -> ListenError:
    """The error for whoever started us."""
    return ListenError(f"cannot listen on {_address(config)}: is the port taken?")


def _listen(acceptors: Acceptors, config: Config) -> str:
    """The address. Raises ListenError, and OSError if a key cannot be read."""
    keys = credentials(config)
    try:
        if not config.listens_on_socket and config.workers == 1:
            return acceptors.listen_alone(_bracketed(config.listen_host), config.listen_port, keys)
        # Of one of several workers, whoever started them holds the port.
        acceptors.listen(_address(config), keys)
        return _address(config)
    except (OSError, RuntimeError) as error:
        raise cannot_listen(config) from error


def _address(config: Config) -> str:
    if config.listens_on_socket:
        return config.listen_host
    return f"{_bracketed(config.listen_host)}:{config.listen_port}"


def _page_host(config: Config) -> str:
    return "127.0.0.1" if config.listens_locally else config.listen_host.strip("[]")


def _bracketed(host: str) -> str:
    """An IPv6 address as it is written before a port."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
