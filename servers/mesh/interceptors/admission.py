"""A cap on the calls in progress, so that too many are refused at once instead of all being slow."""

from domain.shared.errors import Throttled, Unavailable
from servers.mesh.call import Behaviour, Call
from servers.mesh.contract import HEALTH_SERVICE, Method

RETRY_AFTER_MS = 100


class Admission:
    """Counts what runs and refuses what is above the cap. Health checks are always admitted.

    The transport has a cap of its own at twice this one; its refusals carry no details.
    """

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._running = 0
        self._closed = False

    @property
    def running(self) -> int:
        """Calls in progress, health checks left out."""
        return self._running

    @property
    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """From now on every new call is told to go to another replica."""
        self._closed = True

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        if method.service == HEALTH_SERVICE:
            return inner

        async def admitted(call: Call) -> object:
            if self._closed:
                raise Unavailable("DRAINING", "the server is going down")
            if self._running >= self._cap:
                raise Throttled("THROTTLED", "too many calls at once", RETRY_AFTER_MS)
            self._running += 1
            try:
                return await inner(call)
            finally:
                self._running -= 1

        return admitted
