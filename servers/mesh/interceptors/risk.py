"""Has every call judged before it is looked at any closer."""

from servers.mesh.call import Behaviour, Call
from servers.mesh.contract import Method
from servers.mesh.judging.judge import Chambers, Judge

MENDING = frozenset({"risk.rules", "risk.suspects", "risk.read", "risk.replay"})
"""Scenes of operators and services, who are bound by their roles."""


class Risk:
    """Asks the judge; scene, cost, subjects and failure class come from the contract.

    Whoever looks whether the server lives is not judged: health says nothing of anybody, and must not
    depend on a store. Neither is whoever mends rules and list, or a bad rule could not be undone.
    """

    def __init__(self, chambers: Chambers | None) -> None:
        """None: nothing is judged."""
        self._chambers = chambers

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        if self._chambers is None or method.is_foreign or method.scene in MENDING:
            return inner
        judge = Judge(self._chambers, method).judge

        async def judged(call: Call) -> object:
            await judge(call)
            return await inner(call)

        return judged
