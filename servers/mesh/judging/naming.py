"""Whom a call is about: from its contract and from what was proved, never from a bare header."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import unquote

from domain.risk.facts import MOST_SUBJECTS
from domain.risk.subjects import MOST_CHARACTERS, SubjectKind, canonical_address
from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.call import Call, Caller
from servers.mesh.contract import Method
from servers.mesh.subjects import DEVICES, MEMBERS, PAYMENTS, values_of

Names = dict[SubjectKind, list[str]]
"""Subjects of a call by kind, each once, in the order in which the call names them. No kind is empty."""

ROLES: Mapping[int, str] = {
    risk.CALLER_ROLE_SERVICE: "service",
    risk.CALLER_ROLE_OPERATOR: "operator",
    risk.CALLER_ROLE_GATEWAY: "gateway",
}
ANYONE = "anyone"
_FIELDS = {
    SubjectKind.MEMBER: MEMBERS,
    SubjectKind.DEVICE: DEVICES,
    SubjectKind.PAYMENT: PAYMENTS,
}
_LEAVES_ROOM = MOST_SUBJECTS - 1
"""An address always finds its place."""


def naming(method: Method) -> Callable[[Call], Names]:
    """Reads the names of this method's calls.

    Of a batch that names more than there is room for, the first count: it is limited by who sends it.
    """
    readers = [
        (kind, read)
        for kind, fields in _FIELDS.items()
        if not method.streams_requests and (read := values_of(fields, method.request_type)) is not None
    ]

    def names_of(call: Call) -> Names:
        names: Names = {}
        if call.caller.member_id is not None:
            names[SubjectKind.MEMBER] = [call.caller.member_id]
        room = _LEAVES_ROOM - len(names)
        for kind, read in readers:
            for value in read(call.request):
                if value and room:
                    room -= _add(names, kind, value)
        address = _address_of(call)
        if address:
            names[SubjectKind.ADDRESS] = [address]
        return names

    return names_of


def proved(caller: Caller, names: Names) -> frozenset[SubjectKind]:
    """The kinds that the caller has proved: a token proves its member, a connection where it comes from.

    A service that names a member asserts it, and a device is what the caller says it is.
    """
    return _PROVED[caller.member_id is not None, SubjectKind.ADDRESS in names]


_PROVED = {
    (True, True): frozenset({SubjectKind.MEMBER, SubjectKind.ADDRESS}),
    (True, False): frozenset({SubjectKind.MEMBER}),
    (False, True): frozenset({SubjectKind.ADDRESS}),
    (False, False): frozenset[SubjectKind](),
}


def _add(names: Names, kind: SubjectKind, value: str) -> int:
    """How many subjects more there are: 1, or 0 if this one is known."""
    if len(value) > MOST_CHARACTERS:
        # Validation, which comes later, refuses it; until then it is somebody in particular all the same.
        value = "#" + blake2b(value.encode(), digest_size=16).hexdigest()
    known = names.get(kind)
    if known is None:
        names[kind] = [value]
    elif value in known:
        return 0
    else:
        known.append(value)
    return 1


def _address_of(call: Call) -> str:
    """Empty if it is not known, or means nothing: that of a mesh peer is a machine of ours."""
    if call.forwarded_address is not None:
        return _canonical(call.forwarded_address)
    return "" if call.caller.is_mesh_peer else peer_address(call.context.peer())


@lru_cache(8192)
def peer_address(peer: str) -> str:
    """The address in what gRPC calls a peer, `ipv4:192.0.2.1:50123`; empty for a Unix socket."""
    scheme, _, rest = peer.partition(":")
    if scheme not in ("ipv4", "ipv6"):
        return ""
    return _canonical(unquote(rest).rpartition(":")[0].strip("[]"))


@lru_cache(8192)
def _canonical(text: str) -> str:
    try:
        return canonical_address(text)
    except ValueError:
        return ""
