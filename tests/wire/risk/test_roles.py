"""Who may ask Risk for what: every method by every role, as its contract says."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest

from clients.errors import error_of
from nectary.risk.v1 import policy_pb2 as policy
from servers.mesh.wiring import SLICES
from tests.migrated import have_tables
from tests.servers import Redis
from tests.wire.mesh.certificates import Authority, gateway, operator, service
from tests.wire.mesh.echo import EchoServicer
from tests.wire.mesh.running import channel_to, running
from tests.wire.mesh.signing import Signer, bearer, token_settings
from tests.wire.risk import requests as r
from tests.wire.risk.mesh import SERVICE as RISK

SERVICE, OPERATOR = policy.CALLER_ROLE_SERVICE, policy.CALLER_ROLE_OPERATOR
GATEWAY, NOBODY = policy.CALLER_ROLE_GATEWAY, policy.CALLER_ROLE_UNSPECIFIED
NAMES = {
    SERVICE: service("honey"),
    OPERATOR: operator("ann"),
    GATEWAY: gateway("app"),
    NOBODY: "urn:nobody",
}
WHO_ARE_REFUSED = {
    "ApplyRules": {SERVICE, GATEWAY},
    "GetRules": {GATEWAY},
    "Evaluate": {GATEWAY},
    "ListSuspects": {GATEWAY},
    "GetSubject": {GATEWAY},
    "ConfirmSuspect": {SERVICE, GATEWAY},
    "ReleaseSuspect": {GATEWAY},
    "AllowSubject": {SERVICE, GATEWAY},
    "Appeal": set(),
    "ListDecisions": {GATEWAY},
    "ExplainDecision": {GATEWAY},
    "ReplayDecisions": {SERVICE, GATEWAY},
    "SimulateRules": {SERVICE, GATEWAY},
    "ListHotSubjects": {GATEWAY},
}
"""Beside those whom nobody knows."""


class Doors:
    """A channel for each role."""

    def __init__(self, channels: dict[Any, grpc.aio.Channel], members: Signer) -> None:
        self._channels = channels
        self._members = members

    async def reason(self, role: Any, name: str, request: bytes = b"") -> str:
        """Why a call is refused; empty if it is not."""
        metadata = bearer(self._members.token("m1")) if role == GATEWAY else ()
        call: Any = self._channels[role].unary_unary(f"/{RISK.full_name}/{name}")
        try:
            await call(request, timeout=10, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            return error_of(error).reason
        return ""


@pytest.fixture(scope="module")
async def doors(tmp_path_factory: pytest.TempPathFactory, valkey: Redis) -> AsyncIterator[Doors]:
    """To one server for all tests here: none of them changes anything that another looks at."""
    folder = tmp_path_factory.mktemp("roles")
    authority, members = Authority(), Signer("members", "member")
    settings = authority.settings(folder) | token_settings(folder / "keys.json", members)
    store_url = f"sqlite:///{folder}/risk.db"
    have_tables(store_url)
    own = {"store_url": store_url, "redis_url": valkey.url, "jobs": False}
    async with AsyncExitStack() as closing:
        credentials = authority.credentials(authority.leaf(NAMES[OPERATOR]))
        extra = [SLICES["risk"]]
        server = await closing.enter_async_context(
            running(EchoServicer(), credentials=credentials, extra=extra, **settings, **own)
        )
        channels = {
            role: await closing.enter_async_context(
                channel_to(server.address, authority.credentials(authority.leaf(name)))
            )
            for role, name in NAMES.items()
        }
        yield Doors(channels, members)


@pytest.mark.parametrize("role", NAMES, ids=["service", "operator", "gateway", "nobody"])
@pytest.mark.parametrize("name", WHO_ARE_REFUSED)
async def test_each_method_answers_the_roles_of_its_contract_and_nobody_else(
    doors: Doors, name: str, role: Any
) -> None:
    reason = await doors.reason(role, name)
    if role == NOBODY:
        assert reason == "CALLER_UNKNOWN"
    elif role in WHO_ARE_REFUSED[name]:
        assert reason == "CALLER_NOT_ALLOWED"
    else:
        assert reason not in ("CALLER_UNKNOWN", "CALLER_NOT_ALLOWED")


def test_the_contract_names_the_roles_that_these_tests_try() -> None:
    callers = {method.name: method.GetOptions().Extensions[policy.policy].callers for method in RISK.methods}
    refused = {name: set(NAMES) - {NOBODY} - set(allowed) for name, allowed in callers.items()}
    assert refused == WHO_ARE_REFUSED


async def test_a_member_appeals_for_itself_alone(doors: Doors) -> None:
    own, other = (r.an_appeal(name).SerializeToString() for name in ("m1", "m2"))
    assert await doors.reason(GATEWAY, "Appeal", own) == "SUBJECT_NOT_LISTED"
    assert await doors.reason(GATEWAY, "Appeal", other) == "MEMBER_NOT_ALLOWED"


async def test_a_service_takes_nobody_off_the_blacklist(doors: Doors) -> None:
    """But a person does."""
    mallory = r.member("mallory")
    assert not await doors.reason(OPERATOR, "ConfirmSuspect", r.a_confirmation(mallory).SerializeToString())
    release = r.a_release(mallory).SerializeToString()
    assert await doors.reason(SERVICE, "ReleaseSuspect", release) == "CALLER_NOT_ALLOWED"
    assert not await doors.reason(OPERATOR, "ReleaseSuspect", release)
