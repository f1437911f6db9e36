"""What a caller asks for once: the present RPC as its request id, its method and its body name it."""

from typing import Any, NamedTuple

from servers.mesh.call import current_call, current_caller
from servers.store.idempotency import Key, body_hash


class Asked(NamedTuple):
    """A request that has one effect and one answer."""

    key: Key
    method: str
    body_hash: bytes


def actor() -> str:
    """Who caused it, for the record."""
    return current_caller().name or "nobody"


def asked(request: Any, method: str = "") -> Asked:
    """Of the request that the present RPC brought; or of one of many in it, as if it had come by `method`."""
    call = current_call()
    body = type(request).FromString(request.SerializeToString())
    body.ClearField("request_id")
    method = method or call.method.path
    hashed = body_hash(method, body.SerializeToString(deterministic=True))
    return Asked(Key(call.caller.name, request.request_id), method, hashed)
