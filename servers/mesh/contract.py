"""What a method declares about itself, read from its descriptors once, at start.

The contract says who may call, how long a call may take and how large it may be; the interceptors
only carry it out. Methods of other projects (health, reflection) cannot carry our option: what they
would declare stands in `foreign_methods`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from nectary.risk.v1 import policy_pb2 as risk

DEFAULT_DEADLINE_SECONDS = 5.0
DEFAULT_MAX_REQUEST_BYTES = 64 * 1024
LONGEST_DEADLINE_FACTOR = 10
"""A caller may ask for ten times the default deadline of a method."""


class ContractError(Exception):
    """A method that is to be served does not declare what the mesh needs; the server must not start."""


@dataclass(frozen=True)
class Method:
    """A served method and what its contract declares."""

    path: str
    """As in the request: `/nectary.identity.v1.IdentityService/GetTimeline`."""
    scene: str
    cost: int
    failure_class: "risk.FailureClass.ValueType"
    callers: "frozenset[risk.CallerRole.ValueType]"
    default_deadline_seconds: float
    max_request_bytes: int
    streams_requests: bool
    streams_responses: bool
    request_type: Descriptor
    parse: Callable[[bytes], Message]
    is_foreign: bool = False
    """Whether another project defined it: health, reflection."""
    is_judged: bool = True

    @property
    def longest_deadline_seconds(self) -> float:
        return self.default_deadline_seconds * LONGEST_DEADLINE_FACTOR

    @property
    def service(self) -> str:
        """`nectary.identity.v1.IdentityService`."""
        return self.path[1:].rpartition("/")[0]


_INSIDERS = (risk.CALLER_ROLE_SERVICE, risk.CALLER_ROLE_OPERATOR, risk.CALLER_ROLE_GATEWAY)
HEALTH_SERVICE = "grpc.health.v1.Health"
REFLECTION_METHOD = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
Foreign = Mapping[str, risk.Policy]
"""The declarations of methods that other projects defined, by path."""


def foreign_methods(*, reflection_callers: "Sequence[risk.CallerRole.ValueType]") -> Foreign:
    """What health and reflection would declare if they could."""
    return {
        f"/{HEALTH_SERVICE}/Check": _foreign("mesh.health", 5, [risk.CALLER_ROLE_ANYONE]),
        f"/{HEALTH_SERVICE}/List": _foreign("mesh.health", 5, _INSIDERS),
        f"/{HEALTH_SERVICE}/Watch": _foreign("mesh.health", 3600, _INSIDERS),
        REFLECTION_METHOD: _foreign("mesh.reflection", 60, reflection_callers),
    }


def _foreign(scene: str, seconds: int, callers: "Sequence[risk.CallerRole.ValueType]") -> risk.Policy:
    return risk.Policy(
        scene=scene,
        failure_class=risk.FAILURE_CLASS_OPEN,
        callers=callers,
        default_deadline=Duration(seconds=seconds),
        # Whoever looks whether the server lives must not depend on a store.
        unjudged=True,
    )


def method_of(path: str, foreign: Foreign) -> Method:
    """The declared method of a path. Raises ContractError if it does not exist or is not declared whole."""
    descriptor = _descriptor_of(path)
    policy = foreign[path] if path in foreign else _declared_policy(descriptor)
    _require_whole(path, policy)
    if descriptor.client_streaming and path not in foreign:
        raise ContractError(f"{path} streams requests, which this mesh does not do: batch them")
    request_class = message_factory.GetMessageClass(descriptor.input_type)
    seconds = policy.default_deadline.ToTimedelta().total_seconds()
    return Method(
        path=path,
        scene=policy.scene,
        cost=policy.cost,
        failure_class=policy.failure_class,
        callers=frozenset(policy.callers),
        default_deadline_seconds=seconds or DEFAULT_DEADLINE_SECONDS,
        max_request_bytes=policy.max_request_bytes or DEFAULT_MAX_REQUEST_BYTES,
        streams_requests=descriptor.client_streaming,
        streams_responses=descriptor.server_streaming,
        request_type=descriptor.input_type,
        parse=request_class.FromString,
        is_foreign=path in foreign,
        is_judged=not policy.unjudged,
    )


def exists_somewhere(path: str) -> bool:
    """Whether a call of this path is no guess: the contract has it, or it is one of gRPC's own.

    Tools ask in turn for versions of reflection, and ours for a clock that few servers have.
    """
    try:
        _descriptor_of(path)
    except ContractError:
        return path.startswith("/grpc.")
    return True


def _descriptor_of(path: str) -> MethodDescriptor:
    try:
        return descriptor_pool.Default().FindMethodByName(path[1:].replace("/", "."))
    except KeyError as error:
        raise ContractError(f"{path} is served but stands in no contract") from error


def _declared_policy(descriptor: MethodDescriptor) -> risk.Policy:
    return descriptor.GetOptions().Extensions[risk.policy]


def _require_whole(path: str, policy: risk.Policy) -> None:
    missing = [
        name
        for name, given in (
            ("scene", policy.scene),
            ("failure_class", policy.failure_class),
            ("callers", policy.callers and risk.CALLER_ROLE_UNSPECIFIED not in policy.callers),
        )
        if not given
    ]
    if missing:
        raise ContractError(f"{path} does not declare {', '.join(missing)} in (nectary.risk.v1.policy)")
