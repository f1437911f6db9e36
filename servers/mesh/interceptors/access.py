"""Who may call what: the roles that the contract names, narrowed by the operator's policy file."""

from collections.abc import Callable

from domain.shared.errors import Forbidden, Unauthenticated
from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.access_policy import AccessPolicy
from servers.mesh.call import NOBODY, Behaviour, Call, metadata_of
from servers.mesh.contract import REFLECTION_METHOD, ContractError, Method
from servers.mesh.errors import MethodUnknown
from servers.mesh.fields import Finder
from servers.mesh.subjects import MEMBERS


class Access:
    """Refuses callers before their request is read.

    The contract's `callers` come first: the policy file can narrow them, never widen them. A policy
    that is replaced while the server runs counts from the next call on. It is about the methods of our
    own contracts; health and reflection have the configuration. A method open to ANYONE asks neither.
    """

    def __init__(self, policy: Callable[[], AccessPolicy] | None) -> None:
        self._policy = policy

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        if risk.CALLER_ROLE_ANYONE in method.callers:
            return inner
        rules = _RulesOf(method.path, self._policy) if self._policy and not method.is_foreign else None

        async def permitted(call: Call) -> object:
            caller = call.caller
            if caller.role not in method.callers:
                raise _refusal(method, call)
            if caller.role == risk.CALLER_ROLE_GATEWAY and caller.member_id is None:
                raise Unauthenticated("MEMBER_TOKEN_INVALID", "a gateway brings the token of a member")
            if rules and not rules.now().allows(caller.name, metadata_of(call.context)):
                raise _refusal(method, call)
            return await inner(call)

        return permitted


class MemberAccess:
    """Holds a gateway to the member whose token it brought: no other member may stand in the request.

    A request that could name a member and names none is refused as well, for it might mean everybody.
    """

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        find_members = MEMBERS.finder(method.request_type)
        if find_members is None or method.streams_requests:
            return inner

        async def own(call: Call) -> object:
            if call.caller.role == risk.CALLER_ROLE_GATEWAY:
                _require_only(call.caller.member_id, find_members, call)
            return await inner(call)

        return own


def _require_only(member_id: str | None, find_members: Finder, call: Call) -> None:
    named = {value for _, value in find_members(call.request)}
    if named != {member_id}:
        raise Forbidden("MEMBER_NOT_ALLOWED", "the request names another member than the token does")


def _refusal(method: Method, call: Call) -> Exception:
    if method.path == REFLECTION_METHOD:
        # A stranger is not told that it could be there.
        return MethodUnknown()
    if call.caller is NOBODY:
        return Unauthenticated("CALLER_UNKNOWN", "the caller did not prove who it is")
    return Forbidden("CALLER_NOT_ALLOWED", "this caller may not call this method", method=method.path)


class _RulesOf:
    """The part of the policy that concerns one method, taken anew when the policy changes."""

    def __init__(self, path: str, policy: Callable[[], AccessPolicy]) -> None:
        self._path = path
        self._policy = policy
        self._whole = policy()
        self._part = self._whole.about(path)
        if not self._part.allow:
            raise ContractError(f"{path} is served, but no allow rule of the access policy covers it")

    def now(self) -> AccessPolicy:
        whole = self._policy()
        if whole is not self._whole:
            self._whole, self._part = whole, whole.about(self._path)
        return self._part
