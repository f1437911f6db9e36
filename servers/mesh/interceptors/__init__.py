"""The interceptors: what happens to every call before and after its handler.

Each has `wrap(method, inner)`, called once a method at start, and each knows one thing. Their order,
outermost first, with the reason for it:

1. `Observe`      everything that follows is counted, timed and logged, refusals too
2. `Errors`       whatever is raised below becomes one status; what is above only watches
3. `Deadline`     from here on a call has an end, so nobody can hold what the next ones hand out
4. `Admission`    too many calls are turned away before they cost a signature check
5. `CallerIdentity`  who calls
6. `Access`       may that caller call this method; answered before a byte of the request is read
7. `Messages`     the request is read, bounded and parsed
8. `MemberAccess` may that caller name this member; a stranger's request is worth no further work
9. `Risk`         may it pass by list, rules and limits; before validation, or bad input would be a way around
10. `Validation`  does the request keep its bounds; the handler below sees only requests that do
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Protocol

from servers.mesh.call import Behaviour
from servers.mesh.contract import Method


class Interceptor(Protocol):
    """One step around a handler."""

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        """The behaviour with this step around it; called once for each served method, at start.

        Raises ContractError if the method may not be served.
        """
        ...


def chained(interceptors: Sequence[Interceptor], method: Method, handler: Behaviour) -> Behaviour:
    """The handler inside all interceptors, the first of them outermost."""
    inward: Iterable[Interceptor] = reversed(interceptors)
    return reduce(lambda inner, interceptor: interceptor.wrap(method, inner), inward, handler)
