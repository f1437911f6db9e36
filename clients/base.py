"""What all typed clients share: a stub on a channel that knows the service's contract."""

from types import TracebackType
from typing import Any, ClassVar, Self

from google.protobuf.descriptor import ServiceDescriptor

from .channel import Channel, connect


class Client:
    """Base of the typed clients.

    A client names its SERVICE and makes its stub in `__init__`. Several clients can share one channel:
    `IdentityClient(channel)`; a client that was made by `connect` owns its channel and closes it.
    """

    SERVICE: ClassVar[ServiceDescriptor]

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    @classmethod
    def connect(cls, target: str, **options: Any) -> Self:
        """A client with a channel of its own; `options` are those of `clients.channel.connect`."""
        return cls(connect(target, cls.SERVICE, **options))

    async def close(self) -> None:
        """Closes the channel, also for other clients on it."""
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
