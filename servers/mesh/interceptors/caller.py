"""Finds out who calls, from what was proved, and refuses proofs that contradict each other."""

import structlog

from domain.shared.errors import Unauthenticated
from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.call import NOBODY, Behaviour, Call, Caller, Metadata, metadata_of
from servers.mesh.contract import Method
from servers.mesh.tokens import Holder, Tokens

AUTHORIZATION = "authorization"
INTERNAL_PREFIX = "x-nectary-internal-"
REQUEST_ID = "x-nectary-internal-request-id"
MAX_REQUEST_ID = 64
ADDRESS = "x-nectary-internal-address"
MAX_ADDRESS = 64
_BEARER = "bearer "
_ROLES = {
    "svc": risk.CALLER_ROLE_SERVICE,
    "gateway": risk.CALLER_ROLE_GATEWAY,
    "operator": risk.CALLER_ROLE_OPERATOR,
}
_LOCAL = Caller(risk.CALLER_ROLE_OPERATOR, "local")
_LOCAL_PEERS = ("unix:", "ipv4:127.", "ipv6:%5B::1%5D:")

_log = structlog.get_logger("nectary.caller")


class CallerIdentity:
    """A service is its certificate, a member or an operator is a signed token; no bare header is believed.

    A certificate says who calls by its URI name `spiffe://<domain>/svc/<name>`, `/gateway/<name>` or
    `/operator/<name>`. A member's token narrows whoever brings it to that member; alone, without a
    caller, it is worth nothing. Metadata named `x-nectary-internal-*` counts only when a certificate
    of this mesh came with it. `trust_local` makes callers from this machine operators: that is the
    embedded run on loopback.
    """

    def __init__(self, *, tls_domain: str | None, trust_local: bool, tokens: Tokens | None) -> None:
        self._mesh_prefix = f"spiffe://{tls_domain}/" if tls_domain else None
        self._trust_local = trust_local
        self._tokens = tokens
        if trust_local:
            _log.warning("trusts local callers: whoever reaches this port from this machine is an operator")

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        async def identified(call: Call) -> object:
            claims = _security_metadata(metadata_of(call.context))
            peer = self._peer(call)
            if peer.is_mesh_peer:
                call.request_id = claims.get(REQUEST_ID, "")[:MAX_REQUEST_ID] or call.request_id
                call.forwarded_address = claims.get(ADDRESS, "")[:MAX_ADDRESS] or None
            authorization = claims.get(AUTHORIZATION)
            call.caller = peer if authorization is None else self._narrowed(peer, authorization)
            return await inner(call)

        return identified

    def _peer(self, call: Call) -> Caller:
        if self._mesh_prefix is not None:
            # The core gives this name only to a verified certificate with exactly one SPIFFE id.
            for spiffe_id in call.context.auth_context().get("peer_spiffe_id", ()):
                return _mesh_caller(spiffe_id.decode(), self._mesh_prefix)
            return NOBODY
        if self._trust_local and call.context.peer().startswith(_LOCAL_PEERS):
            return _LOCAL
        return NOBODY

    def _narrowed(self, peer: Caller, authorization: str) -> Caller:
        if self._tokens is None or not authorization.lower().startswith(_BEARER):
            raise Unauthenticated("MEMBER_TOKEN_INVALID", "no such authorization is taken here")
        token = self._tokens.verified(authorization[len(_BEARER) :].strip())
        if token.holder is Holder.OPERATOR:
            return Caller(risk.CALLER_ROLE_OPERATOR, f"operator:{token.subject}")
        if peer is NOBODY:
            raise Unauthenticated("CALLER_UNKNOWN", "a member's token counts only from a known caller")
        return Caller(risk.CALLER_ROLE_GATEWAY, peer.name, token.subject, peer.is_mesh_peer)


def _mesh_caller(spiffe_id: str, mesh_prefix: str) -> Caller:
    if not spiffe_id.startswith(mesh_prefix):
        return NOBODY
    kind, slash, name = spiffe_id[len(mesh_prefix) :].partition("/")
    if kind not in _ROLES or not slash or not name or "/" in name:
        return NOBODY
    return Caller(_ROLES[kind], spiffe_id, is_mesh_peer=True)


def _security_metadata(metadata: Metadata) -> dict[str, str]:
    """The metadata that says who calls.

    Raises Unauthenticated if a key comes twice: two readers could believe two different values.
    """
    claims: dict[str, str] = {}
    for key, value in metadata:
        if key == AUTHORIZATION or key.startswith(INTERNAL_PREFIX):
            if key in claims:
                raise Unauthenticated("CALLER_UNKNOWN", "a key that says who calls came twice")
            claims[key] = value if isinstance(value, str) else ""
    return claims
