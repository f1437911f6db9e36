"""Abuses that the judge of a process answers by itself; to list a subject is the Risk service's."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
import redis.asyncio

from domain.risk.rules import Limit, Rule
from domain.risk.states import State
from domain.risk.subjects import SubjectKind
from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.interceptors.unknown import SCAN_CALLS
from tests.wire.judging.conftest import Court, Judged
from tests.wire.judging.publishing import an_entry, list_entries, put_in_force
from tests.wire.mesh.certificates import Authority, gateway, service
from tests.wire.mesh.running import channel_to, refusal
from tests.wire.mesh.signing import Signer, bearer, token_settings

LOOK = pb.LookRequest(member_id="m1")
ADDRESS = "x-nectary-internal-address"
BY_ADDRESS = Rule("by_address", "Two an address", "me", Limit((SubjectKind.ADDRESS,), 2, 60_000))
BY_MEMBER = Rule("by_member", "Two a member", "me", Limit((SubjectKind.MEMBER,), 2, 60_000))

Redis = redis.asyncio.Redis


async def scan(court: Court, calls: int) -> list[grpc.StatusCode]:
    async with channel_to(court.server.address) as stranger:
        codes = []
        for number in range(calls):
            probe: Any = stranger.unary_unary(f"/nectary.guess.v1.Service/Method{number}")
            codes.append((await refusal(probe(b""))).code)
        return codes


async def test_a07_unknown_methods_count_against_the_peer(judged: Judged) -> None:
    """The refusals are the strikes by which the shipped rule `path_scan` makes the address a suspect."""
    async with judged() as court:
        codes = await scan(court, SCAN_CALLS + 5)
        assert set(codes[:SCAN_CALLS]) == {grpc.StatusCode.UNIMPLEMENTED}
        assert set(codes[SCAN_CALLS:]) == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        records = await court.records(SCAN_CALLS + 5)
        assert {record.method for record in records} == {"unknown"}
        assert [record.rule_id for record in records[SCAN_CALLS:]] == ["path_scan"] * 5
        assert records[-1].subjects == (("ADDRESS", "127.0.0.1"),)
        (rule,) = (one for one in court.chambers.rules.in_force.rules.rules if one.rule_id == "path_scan")
        assert rule.strikes is not None
        assert rule.strikes.suspect_after == 1


@pytest.mark.parametrize(
    "path", ["/nectary.common.v1.TestClockService/GetTime", "/grpc.reflection.v1.ServerReflection/X"]
)
async def test_a_method_that_is_served_elsewhere_is_no_guess(judged: Judged, path: str) -> None:
    """An operator's tools ask for a clock and for reflection with each command."""
    async with judged() as court, channel_to(court.server.address) as tool:
        probe: Any = tool.unary_unary(path)
        codes = {(await refusal(probe(b""))).code for _ in range(SCAN_CALLS + 5)}
        assert codes == {grpc.StatusCode.UNIMPLEMENTED}
        records = await court.records(SCAN_CALLS + 5)
        assert {record.scene for record in records} == {"mesh.elsewhere"}


async def test_a07_a_scan_slows_down_nobody_else(judged: Judged) -> None:
    async with judged() as court:
        await scan(court, SCAN_CALLS + 1)
        assert (await court.server.stub.Echo(pb.EchoRequest(text="x"))).text == "x"


class Mesh:
    """Certificates of one mesh, and a server that demands them."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority()
        self.members = Signer("members-1", "member")
        self.settings = self.authority.settings(folder) | token_settings(folder / "keys.json", self.members)

    def peer(self, name: str) -> grpc.ChannelCredentials:
        return self.authority.credentials(self.authority.leaf(name))


@pytest.fixture
def mesh(tmp_path: Path) -> Mesh:
    return Mesh(tmp_path)


async def looks(court: Court, calls: int, metadata: Sequence[tuple[str, str]] = ()) -> int:
    """How many of them were let through."""
    count = 0
    for _ in range(calls):
        try:
            await court.server.stub.Look(LOOK, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
        else:
            count += 1
    return count


async def test_a15_hopping_through_a_network_is_one_address(
    judged: Judged, redis_client: Redis, mesh: Mesh
) -> None:
    await put_in_force(redis_client, BY_ADDRESS)
    async with judged(credentials=mesh.peer(service("bff")), **mesh.settings) as court:
        hops = [await looks(court, 1, ((ADDRESS, f"2001:db8::{hop:x}"),)) for hop in range(1, 30)]
        assert sum(hops) == 2
        assert await looks(court, 1, ((ADDRESS, "2001:db8:0:1::1"),)) == 1


async def test_a15_made_up_members_leave_no_more_keys_than_their_address_may_make(
    judged: Judged, redis_client: Redis, mesh: Mesh
) -> None:
    await put_in_force(
        redis_client, replace(BY_ADDRESS, effect=Limit((SubjectKind.ADDRESS,), 20, 60_000)), BY_MEMBER
    )
    async with judged(credentials=mesh.peer(service("bff")), **mesh.settings) as court:
        for number in range(300):
            try:
                await court.server.stub.Look(
                    pb.LookRequest(member_id=f"made-up-{number}"), metadata=((ADDRESS, "192.0.2.7"),)
                )
            except grpc.aio.AioRpcError:
                continue
        assert len(await redis_client.keys("rl:*:*:*")) <= 20 + 1


async def test_an_address_is_believed_of_a_mesh_peer_alone(judged: Judged, redis_client: Redis) -> None:
    await put_in_force(redis_client, BY_ADDRESS)
    async with judged() as court:
        stub = court.server.stub
        for hop in range(2):
            await stub.Echo(pb.EchoRequest(), metadata=((ADDRESS, f"192.0.2.{hop}"),))
        error = await refusal(stub.Echo(pb.EchoRequest(), metadata=((ADDRESS, "192.0.2.9"),)))
        assert error.reason == "THROTTLED"


async def test_a_mesh_peer_that_names_no_address_is_not_limited_by_its_own(
    judged: Judged, redis_client: Redis, mesh: Mesh
) -> None:
    await put_in_force(redis_client, BY_ADDRESS)
    async with judged(credentials=mesh.peer(service("honey")), **mesh.settings) as court:
        assert await looks(court, 5) == 5


async def test_two_addresses_are_no_address(judged: Judged, mesh: Mesh) -> None:
    async with judged(credentials=mesh.peer(service("bff")), **mesh.settings) as court:
        twice = ((ADDRESS, "192.0.2.1"), (ADDRESS, "192.0.2.2"))
        error = await refusal(court.server.stub.Look(LOOK, metadata=twice))
        assert error.code is grpc.StatusCode.UNAUTHENTICATED


async def test_a18_a_stranger_who_names_a_member_uses_up_nothing_of_it(
    judged: Judged, redis_client: Redis, mesh: Mesh
) -> None:
    await put_in_force(redis_client, BY_MEMBER)
    async with judged(credentials=mesh.peer(gateway("bff")), **mesh.settings) as court:
        for _ in range(10):
            other = bearer(mesh.members.token("attacker"))
            assert (
                await refusal(court.server.stub.Look(LOOK, metadata=other))
            ).reason == "MEMBER_NOT_ALLOWED"
        assert await looks(court, 3, bearer(mesh.members.token("m1"))) == 2


async def test_a18_only_a_token_proves_a_member_in_the_record(
    judged: Judged, redis_client: Redis, mesh: Mesh
) -> None:
    """What is not proved never raises a member's state: the record says what was."""
    async with judged(credentials=mesh.peer(gateway("bff")), **mesh.settings) as court:
        await court.server.stub.Look(
            LOOK, metadata=(*bearer(mesh.members.token("m1")), (ADDRESS, "192.0.2.1"))
        )
        async with channel_to(court.server.address, mesh.peer(service("honey"))) as channel:
            await type(court.server.stub)(channel).Look(LOOK)
        by_token, by_service = await court.records(2)
        assert set(by_token.authenticated) == {"MEMBER", "ADDRESS"}
        assert by_service.authenticated == ()
        assert by_service.subjects == (("MEMBER", "m1"),)


async def test_a18_an_address_that_is_allowed_helps_nobody_who_only_says_it_is_his(
    judged: Judged, redis_client: Redis
) -> None:
    await put_in_force(redis_client, BY_ADDRESS)
    await list_entries(redis_client, an_entry(SubjectKind.ADDRESS, "192.0.2.1", State.ALLOWED))
    async with judged() as court:
        stub, claim = court.server.stub, ((ADDRESS, "192.0.2.1"),)
        for _ in range(2):
            await stub.Echo(pb.EchoRequest(), metadata=claim)
        assert (await refusal(stub.Echo(pb.EchoRequest(), metadata=claim))).reason == "THROTTLED"
