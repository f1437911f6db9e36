"""A cap on the calls in progress, so that too many are refused at once instead of all being slow."""

import asyncio

from domain.shared.errors import Throttled, Unavailable
from servers.mesh.call import Behaviour, Call
from servers.mesh.contract import HEALTH_SERVICE, Method

RETRY_AFTER_MS = 100


class Admission:
    """Counts what runs and refuses what is above the cap. Health checks are always admitted.

    A stream is a feed that goes on until its deadline, so a server that goes down does not wait for it: its
    reader is told to open another elsewhere.

    The transport has a cap of its own at twice this one; its refusals carry no details.
    """

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._running = 0
        self._closed = False
        self._feeds: set[asyncio.Timeout] = set()

    @property
    def running(self) -> int:
        """Calls in progress, health checks left out."""
        return self._running

    @property
    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """From now on every new call, and every feed, is told to go to another replica."""
        self._closed = True
        for feed in self._feeds:
            feed.reschedule(0)

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        if method.service == HEALTH_SERVICE:
            return inner

        async def admitted(call: Call) -> object:
            if self._closed:
                raise _draining()
            if self._running >= self._cap:
                raise Throttled("THROTTLED", "too many calls at once", RETRY_AFTER_MS)
            self._running += 1
            try:
                return await (self._fed(inner, call) if method.streams_responses else inner(call))
            finally:
                self._running -= 1

        return admitted

    async def _fed(self, inner: Behaviour, call: Call) -> object:
        feed = asyncio.timeout(None)
        try:
            async with feed:
                self._feeds.add(feed)
                return await inner(call)
        except TimeoutError:
            # A handler may raise its own.
            if not feed.expired():
                raise
            raise _draining() from None
        finally:
            self._feeds.discard(feed)


def _draining() -> Unavailable:
    return Unavailable("DRAINING", "the server is going down")
