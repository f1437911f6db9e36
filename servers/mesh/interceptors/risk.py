"""Has every call judged before it is looked at any closer."""

from servers.mesh.call import Behaviour, Call
from servers.mesh.contract import Method
from servers.mesh.judging.judge import Chambers, Judge


class Risk:
    """Asks the judge; which calls, their scene, cost, subjects and failure class come from the contract."""

    def __init__(self, chambers: Chambers | None) -> None:
        """None: nothing is judged."""
        self._chambers = chambers

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        if self._chambers is None or not method.is_judged:
            return inner
        judge = Judge(self._chambers, method).judge

        async def judged(call: Call) -> object:
            await judge(call)
            return await inner(call)

        return judged
