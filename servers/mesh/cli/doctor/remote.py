"""The server that commands would talk to."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from grpc_health.v1 import health_pb2, health_pb2_grpc

from clients import CatalogClient, IdentityClient, NectaryError, NotFound, RiskClient, Unimplemented
from clients.times import datetime_of
from servers.mesh.cli.doctor.finding import Finding, fail, ok, warn
from servers.mesh.cli.session import Mesh, Session
from servers.mesh.clock import SystemClock

PROBE_SECONDS = 3.0
SLOW_MS = 250.0
LARGEST_SKEW_SECONDS = 5.0
_SERVING = health_pb2.HealthCheckResponse.SERVING


async def look_at_mesh(session: Session, mesh: Mesh) -> AsyncIterator[Finding]:
    """Health first; the rest only if somebody answers."""
    target = f"{session.target.address} ({session.target.because})"
    began = time.monotonic()
    try:
        status = await _health(mesh, "")
    except NectaryError as error:
        yield fail("mesh", f"{target}: {error.message}", "start it: nectary serve all; or name it: --target")
        return
    took_ms = (time.monotonic() - began) * 1000
    if status != _SERVING:
        yield fail("mesh", f"{target} answers and is not serving", "its log says which probe fails")
    elif took_ms > SLOW_MS:
        yield warn("mesh", f"{target} answers after {took_ms:.0f} ms", "is it far, or overloaded?")
    else:
        yield ok("mesh", f"{target} answers after {took_ms:.0f} ms")
    for client in (IdentityClient, CatalogClient, RiskClient):
        yield await _service(mesh, client.SERVICE.full_name)
    yield await _catalogue(session, mesh)
    yield await _rules(session, mesh)
    yield await _clock(session, mesh)


async def is_serving(mesh: Mesh) -> bool:
    """Whether the whole process says that it serves: what balancers and containers ask."""
    try:
        return await _health(mesh, "") == _SERVING
    except NectaryError:
        return False


async def _health(mesh: Mesh, service: str) -> int:
    """Raises NectaryError."""
    # The generated stub sets its calls as attributes, which the type stubs do not know.
    check: Any = health_pb2_grpc.HealthStub(mesh.channel).Check  # type: ignore[attr-defined]
    answer = await check(health_pb2.HealthCheckRequest(service=service), timeout=PROBE_SECONDS)
    return int(answer.status)


async def _service(mesh: Mesh, name: str) -> Finding:
    try:
        status = await _health(mesh, name)
    except NotFound:
        return warn(name, "not served here", "it may run elsewhere: --target")
    except NectaryError as error:
        return fail(name, error.message, "a caller needs a token or certificate: NECTARY_TOKEN, NECTARY_CERT")
    return ok(name, "serving") if status == _SERVING else fail(name, "not serving", "its log says why")


async def _catalogue(session: Session, mesh: Mesh) -> Finding:
    try:
        answer = await mesh.catalog.get_catalog()
    except NotFound:
        return warn("catalogue", "none is in force", "nectary catalog apply examples/nectary.example.yaml")
    except NectaryError as error:
        return fail("catalogue", str(error), "nectary catalog show --debug")
    since = session.moment(datetime_of(answer.effective_time))
    return ok("catalogue", f"revision {answer.revision}, {len(answer.catalog.skus)} SKUs, since {since}")


async def _rules(session: Session, mesh: Mesh) -> Finding:
    try:
        answer = await mesh.risk.get_rules()
    except Unimplemented:
        return warn("rules", "Risk is not served here", "it may run elsewhere: --target")
    except NectaryError as error:
        return fail("rules", str(error), "nectary risk rules show --debug")
    if not answer.revision:
        return warn("rules", "those that are shipped", "nectary risk rules apply examples/risk.example.yaml")
    since = session.moment(datetime_of(answer.effective_time))
    return ok("rules", f"revision {answer.revision}, {len(answer.rule_set.rules)} rules, since {since}")


async def _clock(session: Session, mesh: Mesh) -> Finding:
    try:
        now = await mesh.clock.now()
    except Unimplemented:
        return ok("clock", "real time")
    except NectaryError as error:
        return warn("clock", str(error), "only operators may read it")
    here = datetime.fromtimestamp(SystemClock().now() / 1_000_000, UTC)
    detail = f"a test clock, at {session.moment(now)}"
    if abs((now - here).total_seconds()) > LARGEST_SKEW_SECONDS:
        return warn("clock", f"{detail}, not now", "anybody with access can move it: never in production")
    return warn("clock", detail, "anybody with access can move it: never in production")
