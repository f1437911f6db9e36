"""Whom a call is about: what its contract marks, what its caller proved, and from where it came."""

from typing import Any, cast

import pytest

from domain.risk.facts import MOST_SUBJECTS
from domain.risk.subjects import MOST_CHARACTERS, SubjectKind
from nectary.risk.v1 import policy_pb2 as risk
from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.call import NOBODY, Call, Caller
from servers.mesh.contract import method_of
from servers.mesh.judging.naming import naming, peer_address, proved
from servers.mesh.routes import UNKNOWN_METHOD

LOOK = method_of("/nectary.testing.v1.EchoService/Look", {})
GATEWAY = Caller(risk.CALLER_ROLE_GATEWAY, "bff", "m9", is_mesh_peer=True)


class Connection:
    """As much of a call's context as is looked at."""

    def __init__(self, peer: str) -> None:
        self._peer = peer

    def peer(self) -> str:
        return self._peer


def a_call(
    request: pb.LookRequest, caller: Caller = NOBODY, peer: str = "unix:", forwarded: str | None = None
) -> Call:
    call = Call(LOOK, cast("Any", Connection(peer)), "r1")
    call.request, call.caller, call.forwarded_address = request, caller, forwarded
    return call


names_of = naming(LOOK)


def test_subjects_are_each_named_once_wherever_they_stand() -> None:
    request = pb.LookRequest(member_id="a", member_ids=["b", "a", ""], seats=[pb.Seat(member_id="c")])
    assert sorted(names_of(a_call(request))[SubjectKind.MEMBER]) == ["a", "b", "c"]


def test_the_member_of_a_token_is_named_though_the_request_is_silent() -> None:
    assert names_of(a_call(pb.LookRequest(), GATEWAY)) == {SubjectKind.MEMBER: ["m9"]}


def test_a_batch_leaves_room_for_the_address() -> None:
    request = pb.LookRequest(member_ids=[f"m{number}" for number in range(1000)])
    names = names_of(a_call(request, peer="ipv4:192.0.2.1:5"))
    assert len(names[SubjectKind.MEMBER]) == MOST_SUBJECTS - 1
    assert names[SubjectKind.ADDRESS] == ["192.0.2.1"]


def test_a_name_that_is_too_long_is_somebody_in_particular_all_the_same() -> None:
    long = "m" * (MOST_CHARACTERS + 1)
    (one,) = names_of(a_call(pb.LookRequest(member_id=long)))[SubjectKind.MEMBER]
    (other,) = names_of(a_call(pb.LookRequest(member_id=long + "m")))[SubjectKind.MEMBER]
    assert len(one) <= MOST_CHARACTERS
    assert one != other


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:192.0.2.1:50123", "192.0.2.1"),
        ("ipv6:%5B2001:db8::1%5D:50123", "2001:db8::/64"),
        ("ipv6:[2001:db8::1]:50123", "2001:db8::/64"),
        ("ipv6:%5B::ffff:192.0.2.1%5D:50123", "192.0.2.1"),
        ("unix:/run/nectary.sock", ""),
        ("unix:", ""),
        ("ipv4:nonsense", ""),
        ("", ""),
    ],
)
def test_the_address_of_a_peer(peer: str, address: str) -> None:
    assert peer_address(peer) == address


def test_a_mesh_peer_is_where_it_says_its_user_is_and_nowhere_if_it_says_nothing() -> None:
    silent = names_of(a_call(pb.LookRequest(), GATEWAY, "ipv4:10.0.0.1:5"))
    assert SubjectKind.ADDRESS not in silent
    said = names_of(a_call(pb.LookRequest(), GATEWAY, "ipv4:10.0.0.1:5", "2001:db8::7"))
    assert said[SubjectKind.ADDRESS] == ["2001:db8::/64"]
    nonsense = names_of(a_call(pb.LookRequest(), GATEWAY, "ipv4:10.0.0.1:5", "here"))
    assert SubjectKind.ADDRESS not in nonsense


def test_a_stream_of_requests_is_known_by_its_connection_alone() -> None:
    call = a_call(pb.LookRequest(member_id="m1"), peer="ipv4:192.0.2.1:5")
    assert naming(UNKNOWN_METHOD)(call) == {SubjectKind.ADDRESS: ["192.0.2.1"]}


def test_a_token_proves_its_member_and_a_connection_its_address_and_nothing_else_does() -> None:
    service = Caller(risk.CALLER_ROLE_SERVICE, "honey", is_mesh_peer=True)
    member, address = {SubjectKind.MEMBER: ["m"]}, {SubjectKind.ADDRESS: ["a"]}
    assert proved(service, member) == set()
    assert proved(GATEWAY, member) == {SubjectKind.MEMBER}
    assert proved(service, address) == {SubjectKind.ADDRESS}
    assert proved(GATEWAY, member | address) == {SubjectKind.MEMBER, SubjectKind.ADDRESS}
