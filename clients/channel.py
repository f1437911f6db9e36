"""A channel on which every generated stub has a deadline, retries and typed errors.

    async with connect("localhost:50051", TestClockClient.SERVICE) as channel:
        clock = TestClockServiceStub(channel)

gRPC's own client interceptors make several tasks a call; this channel wraps the callables that a stub
asks it for instead, once each.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from .contract import RetryPolicy, deadline_of, service_config
from .errors import DeadlineExceeded, error_of
from .incoming import INCOMING

KEEPALIVE_MS = 60_000
"""Servers answer pings more often than every 10 s with a closed connection."""
KEEPALIVE_TIMEOUT_MS = 20_000
MAX_METADATA_BYTES = 16_384
SHARE_OF_REMAINING = 0.95
"""A call made on behalf of another has this much of its time, so that there is time to answer it."""
LEAST_SECONDS = 0.005
REQUEST_ID = "x-nectary-internal-request-id"

Request = TypeVar("Request")
Response = TypeVar("Response")
Metadata = tuple[tuple[str, str | bytes], ...]


@dataclass(frozen=True, repr=False)
class Tls:
    """Keys of a caller, PEM. Without certificate and key only the server proves who it is."""

    ca: bytes
    certificate: bytes | None = None
    key: bytes | None = None


def connect(
    target: str,
    *services: ServiceDescriptor,
    tls: Tls | None = None,
    token: str | None = None,
    retry: RetryPolicy | None = None,
) -> "Channel":
    """A channel to `host:port`, `dns:///name:port` or `unix:/path`, which connects with the first call.

    `services` are those whose idempotent methods may be repeated by themselves. `token` goes with every
    call; a gateway gives each call its member's token as metadata instead. Needs a running event loop.
    """
    config = service_config(services, retry or RetryPolicy())
    options = [
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.service_config", json.dumps(config)),
    ]
    if tls is None:
        inner = grpc.aio.insecure_channel(target, options=options)
    else:
        keys = grpc.ssl_channel_credentials(tls.ca, tls.key, tls.certificate)
        inner = grpc.aio.secure_channel(target, keys, options=options)
    return Channel(inner, () if token is None else (("authorization", f"Bearer {token}"),))


class Channel(grpc.aio.Channel):
    """What generated stubs take as a channel. Calls raise `NectaryError`s."""

    def __init__(self, inner: grpc.aio.Channel, metadata: Metadata) -> None:
        self._inner = inner
        self._metadata = metadata

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return UnaryCall(self._inner.unary_unary(method, *args, **kwargs), method, self._metadata)

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return StreamCall(self._inner.unary_stream(method, *args, **kwargs), method, self._metadata)

    def stream_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """As the plain channel's: no service of this mesh streams requests."""
        return self._inner.stream_unary(method, *args, **kwargs)

    def stream_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """As the plain channel's."""
        return self._inner.stream_stream(method, *args, **kwargs)

    async def close(self, grace: float | None = None) -> None:
        await self._inner.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._inner.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._inner.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._inner.channel_ready()

    async def __aenter__(self) -> "Channel":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class _Defaults:
    """What a call gets that its caller did not give."""

    def __init__(self, path: str, metadata: Metadata) -> None:
        self._deadline_seconds = deadline_of(path)
        self._metadata = metadata

    def applied(self, timeout: float | None, metadata: Metadata | None) -> dict[str, Any]:
        """Timeout and metadata of one call.

        Inside a handler both come from the call being served: what is left of its deadline, less a
        margin, and its request id. Raises DeadlineExceeded if too little is left to begin.
        """
        seconds = self._deadline_seconds if timeout is None else timeout
        extra = metadata or ()
        incoming = INCOMING.get()
        if incoming is not None:
            left = (incoming.deadline - asyncio.get_running_loop().time()) * SHARE_OF_REMAINING
            seconds = min(seconds, left)
            extra = (*extra, (REQUEST_ID, incoming.request_id))
        if seconds < LEAST_SECONDS:
            raise DeadlineExceeded(
                grpc.StatusCode.DEADLINE_EXCEEDED, "too little time is left to begin", reason="DEADLINE_SPENT"
            )
        return {"timeout": seconds, "metadata": (*self._metadata, *extra)}


class UnaryCall(_Defaults):
    """One answer."""

    def __init__(self, inner: Any, path: str, metadata: Metadata) -> None:
        super().__init__(path, metadata)
        self._inner = inner

    async def __call__(
        self,
        request: object,
        *,
        timeout: float | None = None,  # noqa: ASYNC109  # gRPC's own name, which stubs are called with
        metadata: Metadata | None = None,
        **rest: Any,
    ) -> Any:
        try:
            return await self._inner(request, **self.applied(timeout, metadata), **rest)
        except grpc.aio.AioRpcError as error:
            raise error_of(error) from error


class StreamCall(_Defaults):
    """Many answers."""

    def __init__(self, inner: Any, path: str, metadata: Metadata) -> None:
        super().__init__(path, metadata)
        self._inner = inner

    async def __call__(
        self,
        request: object,
        *,
        timeout: float | None = None,  # noqa: ASYNC109  # gRPC's own name, which stubs are called with
        metadata: Metadata | None = None,
        **rest: Any,
    ) -> AsyncIterator[Any]:
        try:
            async for answer in self._inner(request, **self.applied(timeout, metadata), **rest):
                yield answer
        except grpc.aio.AioRpcError as error:
            raise error_of(error) from error
