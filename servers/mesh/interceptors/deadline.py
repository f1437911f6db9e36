"""Every call has an end: the caller's deadline, or the method's own, whichever the contract allows."""

import asyncio

from clients.incoming import INCOMING
from domain.shared.errors import DeadlineSpent
from servers.mesh.call import Behaviour, Call
from servers.mesh.contract import Method

LEAST_SECONDS = 0.005
"""With less than this left, the answer would come too late: better not to begin."""
_NEVER_SECONDS = 10 * 365 * 86_400


class Deadline:
    """Cancels what runs too long, and tells the calls made meanwhile how much time is left.

    A call without a deadline gets its method's default, so that grpcurl just works. A caller may ask
    for up to ten times that. The core cancels a call at the caller's own deadline by itself, so a
    timer is set only where ours comes first.
    """

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        async def limited(call: Call) -> object:
            asked = _seconds_asked(call)
            if asked is not None and asked < LEAST_SECONDS:
                raise DeadlineSpent("DEADLINE_SPENT", "too little of the deadline is left to begin")
            seconds = method.default_deadline_seconds if asked is None else asked
            seconds = min(seconds, method.longest_deadline_seconds)
            call.deadline = asyncio.get_running_loop().time() + seconds
            INCOMING.set(call)
            if seconds == asked:
                return await inner(call)
            return await _within(call.deadline, inner, call)

        return limited


def _seconds_asked(call: Call) -> float | None:
    # The types promise a number; a call without a deadline has None, on older cores centuries.
    remaining: float | None = call.context.time_remaining()
    return None if remaining is None or remaining > _NEVER_SECONDS else remaining


async def _within(deadline: float, inner: Behaviour, call: Call) -> object:
    limit = asyncio.timeout_at(deadline)
    try:
        async with limit:
            return await inner(call)
    except TimeoutError:
        # A handler may raise its own TimeoutError: that one is not ours to explain.
        if not limit.expired():
            raise
        raise DeadlineSpent("DEADLINE_SPENT", "the call took longer than this method allows") from None
