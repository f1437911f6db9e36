"""Where a call goes: every served method with its interceptors around it, made once at start.

Generated code registers a servicer with a server by handing over its handlers. `Routes` stands in
for the server at that moment, wraps each handler, and is then given to the real server as the one
handler of all methods. So a call costs one look-up here instead of one coroutine an interceptor.
"""

import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, cast

import grpc
from google.protobuf.message import Message

from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.call import Behaviour, Call
from servers.mesh.contract import ContractError, Foreign, Method, exists_somewhere, method_of
from servers.mesh.interceptors import Interceptor, chained

UNKNOWN_METHOD = Method(
    path="unknown",
    scene="mesh.unknown",
    cost=1,
    failure_class=risk.FAILURE_CLASS_OPEN,
    callers=frozenset({risk.CALLER_ROLE_ANYONE}),
    default_deadline_seconds=1.0,
    max_request_bytes=0,
    streams_requests=True,
    streams_responses=True,
    request_type=risk.Policy.DESCRIPTOR,
    parse=risk.Policy.FromString,
)
ELSEWHERE_METHOD = replace(UNKNOWN_METHOD, path="elsewhere", scene="mesh.elsewhere")
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
AddServicer = Callable[[Any, Any], None]
"""A generated `add_..Servicer_to_server`."""


class Routes(grpc.GenericRpcHandler):
    """All methods of the process."""

    def __init__(
        self,
        interceptors: Sequence[Interceptor],
        foreign: Foreign,
        around_unknown: Sequence[Interceptor],
        unknown: Behaviour,
        elsewhere: Behaviour,
    ) -> None:
        """`unknown` answers for methods that exist nowhere, `elsewhere` for those not served here."""
        self._interceptors = interceptors
        self._foreign = foreign
        self._unknown = chained(around_unknown, UNKNOWN_METHOD, unknown)
        self._elsewhere = chained(around_unknown, ELSEWHERE_METHOD, elsewhere)
        self._handlers: dict[str, Handler] = {}
        self._methods: list[Method] = []
        self._next_id = _request_ids()

    @property
    def methods(self) -> Sequence[Method]:
        return tuple(self._methods)

    def add(self, add_servicer: AddServicer, servicer: object) -> None:
        """Serves all methods of a servicer. Raises ContractError if one of them may not be served."""
        add_servicer(servicer, self)

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Part of what generated code calls. The same handlers come once more, with their names, below."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """The other part of what generated code calls."""
        for name, handler in handlers.items():
            path = f"/{service}/{name}"
            if path in self._handlers:
                raise ContractError(f"{path} is served twice")
            method = method_of(path, self._foreign)
            behaviour = chained(self._interceptors, method, _innermost(method, handler))
            self._methods.append(method)
            self._handlers[path] = _grpc_handler(method, handler, self._entry(method, behaviour))

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler:
        """The handler of a call's method; called by gRPC for each call."""
        path = handler_call_details.method
        found = self._handlers.get(path)
        if found is not None:
            return found
        if exists_somewhere(path):
            method, behaviour = replace(ELSEWHERE_METHOD, path=path), self._elsewhere
        else:
            method, behaviour = replace(UNKNOWN_METHOD, path=path), self._unknown
        return grpc.stream_stream_rpc_method_handler(self._entry(method, behaviour))

    def _entry(self, method: Method, behaviour: Behaviour) -> Callable[[Any, Any], Any]:
        next_id = self._next_id

        async def entry(_requests: Any, context: Any) -> Any:
            return await behaviour(Call(method, context, next(next_id)))

        return entry


def _grpc_handler(method: Method, handler: Handler, entry: Callable[[Any, Any], Any]) -> Handler:
    # Requests are always taken as a stream of bytes: so they are read, bounded and parsed under the
    # deadline (see `interceptors/messages.py`), and it is even a little cheaper.
    if method.streams_responses:
        return grpc.stream_stream_rpc_method_handler(entry, response_serializer=handler.response_serializer)
    return grpc.stream_unary_rpc_method_handler(entry)


def _innermost(method: Method, handler: Handler) -> Behaviour:
    """The servicer's own method, answering with bytes."""
    function = _function_of(handler)
    if not method.streams_responses:
        # Serialised here, a wrong answer is an error like any other, and ends as one.
        serialize = cast("Callable[[Message], bytes]", handler.response_serializer)

        async def answer(call: Call) -> bytes:
            return serialize(await function(call.request, call.context))

        return answer

    async def answer_many(call: Call) -> None:
        answers = function(call.request, call.context)
        if isinstance(answers, AsyncIterator):
            async for answer in answers:
                await call.context.write(answer)
        else:
            await answers

    return answer_many


def _function_of(handler: Handler) -> Callable[[Any, Any], Any]:
    functions = (handler.unary_unary, handler.unary_stream, handler.stream_unary, handler.stream_stream)
    return cast("Callable[[Any, Any], Any]", next(function for function in functions if function is not None))


def _request_ids() -> Iterator[str]:
    """Ids that are unique without a system call each: a random name of the process, and a number."""
    process = os.urandom(8).hex()
    return (f"{process}-{number:x}" for number in itertools.count(1))
