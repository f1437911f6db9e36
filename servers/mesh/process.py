"""Puts a process together, straight down: from the configuration and some slices to what can be served."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog
from grpc_health.v1 import health_pb2_grpc

from nectary.common.v1 import test_clock_service_pb2_grpc
from nectary.risk.v1.policy_pb2 import CALLER_ROLE_ANYONE, CALLER_ROLE_OPERATOR
from servers.mesh.access_policy import parse_access_policy
from servers.mesh.clock import TestClock
from servers.mesh.config import Config
from servers.mesh.contract import foreign_methods
from servers.mesh.health import Health
from servers.mesh.interceptors import Interceptor
from servers.mesh.interceptors.access import Access, MemberAccess
from servers.mesh.interceptors.admission import Admission
from servers.mesh.interceptors.caller import CallerIdentity
from servers.mesh.interceptors.deadline import Deadline
from servers.mesh.interceptors.errors import Errors
from servers.mesh.interceptors.messages import Messages
from servers.mesh.interceptors.observe import Observe
from servers.mesh.interceptors.risk import Risk
from servers.mesh.interceptors.unknown import UnknownMethods
from servers.mesh.interceptors.validation import Validation
from servers.mesh.judging.assembly import chambers_of
from servers.mesh.judging.judge import Chambers
from servers.mesh.metrics import Metrics
from servers.mesh.reflection import add_reflection
from servers.mesh.resources import Resources
from servers.mesh.routes import Routes
from servers.mesh.slices import Job, Served, Slice
from servers.mesh.test_clock_servicer import TestClockServicer
from servers.mesh.tokens import Tokens, parse_keys
from servers.mesh.watched_file import WatchedFile

_log = structlog.get_logger("nectary.process")

SliceMaker = Callable[[Resources], Awaitable[Slice]]
"""Makes a slice of what the process shares."""

_REFLECTION_CALLERS = {
    # The embedded run makes its local caller an operator, so `auto` is open there by itself.
    "auto": CALLER_ROLE_OPERATOR,
    "off": CALLER_ROLE_OPERATOR,
    "on": CALLER_ROLE_ANYONE,
}


@dataclass(frozen=True)
class Process:
    """Everything that a server needs to run and to end."""

    config: Config
    routes: Routes
    admission: Admission
    health: Health
    metrics: Metrics
    unknown: UnknownMethods
    chambers: Chambers | None
    """What calls are judged with; None if they are not."""
    services: Sequence[str]
    """Full names of what is served, health and reflection left out."""
    jobs: Sequence[Job]
    announce: Callable[[str], None]
    """Is told the address once it is known."""


async def assemble(config: Config, makers: Sequence[SliceMaker], closing: AsyncExitStack) -> Process:
    """Puts a process together; `closing` takes it apart again, in reverse order.

    Raises ContractError if a method may not be served, OSError or ValueError if a file that the
    configuration names is bad.
    """
    resources, unknown = Resources(config, closing), UnknownMethods()
    metrics, admission = Metrics(), Admission(config.max_calls)
    watching: list[Job] = []
    observe = Observe(metrics, sample=config.log_sample, slow_seconds=config.log_slow_ms / 1000)
    resources.chambers = await _chambers(resources, metrics, closing, watching)
    routes = Routes(
        interceptors=_interceptors(config, resources, observe, admission, watching),
        foreign=foreign_methods(reflection_callers=[_REFLECTION_CALLERS[config.reflection]]),
        around_unknown=[observe, Errors(), Deadline(), Risk(resources.chambers)],
        unknown=unknown.answer,
        elsewhere=unknown.elsewhere,
    )
    slices = [await _made(maker, resources, closing) for maker in makers]
    served = [one for part in slices for one in part.servicers]
    for collector in (one for part in slices for one in part.collectors):
        metrics.registry.register(collector)
    if isinstance(resources.clock, TestClock):
        served.append(_test_clock(resources.clock))
    health = Health([one.full_name for one in served], [probe for part in slices for probe in part.probes])
    for one in served:
        routes.add(one.add, one.servicer)
    routes.add(health_pb2_grpc.add_HealthServicer_to_server, health.servicer)
    services = [one.full_name for one in served]
    if config.reflection != "off":
        add_reflection(routes, services)
    jobs = [job for part in slices for job in part.jobs] if config.jobs else []
    return Process(
        config=config,
        routes=routes,
        admission=admission,
        health=health,
        metrics=metrics,
        unknown=unknown,
        chambers=resources.chambers,
        services=services,
        jobs=[*watching, *jobs],
        announce=resources.announce,
    )


def _interceptors(
    config: Config,
    resources: Resources,
    observe: Observe,
    admission: Admission,
    watching: list[Job],
) -> list[Interceptor]:
    """All of them, in the order that `servers.mesh.interceptors` explains.

    Files that they read are watched by jobs, which are added to `watching`.
    """
    tokens = policy = None
    if config.token_keys:
        keys = WatchedFile(config.token_keys, parse_keys)
        watching.append(Job("watch token keys", keys.watch))
        tokens = Tokens(
            keys.current,
            issuer=config.token_issuer,
            audience=config.token_audience,
            clock=resources.system_clock,
        )
    if config.access_policy:
        policy = WatchedFile(config.access_policy, parse_access_policy)
        watching.append(Job("watch access policy", policy.watch))
    return [
        observe,
        Errors(),
        Deadline(),
        admission,
        CallerIdentity(
            tls_domain=config.tls_domain if config.tls_ca else None,
            trust_local=config.trusts_local_caller,
            tokens=tokens,
        ),
        Access(policy.current if policy else None),
        Messages(),
        MemberAccess(),
        Risk(resources.chambers),
        Validation(),
    ]


async def _chambers(
    resources: Resources, metrics: Metrics, closing: AsyncExitStack, jobs: list[Job]
) -> Chambers | None:
    if resources.config.risk == "off":
        _log.warning("not limited: risk is off, every call is admitted")
        return None
    return await chambers_of(resources, metrics, closing, jobs)


async def _made(maker: SliceMaker, resources: Resources, closing: AsyncExitStack) -> Slice:
    part = await maker(resources)
    closing.push_async_callback(part.close)
    return part


def _test_clock(clock: TestClock) -> Served:
    return Served(
        test_clock_service_pb2_grpc.add_TestClockServiceServicer_to_server,
        TestClockServicer(clock),
        "nectary.common.v1.TestClockService",
    )
