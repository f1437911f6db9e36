"""Gates that may not be what the orders say, and that are compared as soon as the store answers.

Doubted is a gate that could not be told something, one that gave what the database then refused, and, when a
process starts, each live one: whoever died may have sold without telling. Only the activity's name is kept.
The comparison finds the rest, whatever the store lost meanwhile and however many processes tell it.
"""

import asyncio
import time
from dataclasses import dataclass

from domain.shared.errors import DomainError
from servers.mesh.redis_clients import STORE_ERRORS
from servers.seckill.gate.comparing import Comparer
from servers.seckill.gate.store import Away, GateStore

MOST_DOUBTS = 4096
"""Whatever is beyond them is found by the comparison of all gates."""
LOOK_SECONDS = 0.1
PAUSE_SECONDS, PAUSE_FACTOR = 0.3, 2
"""Between two comparisons of one gate, or so many times as long as the last one took."""
REST_FACTOR = 1
"""Between any two, so many times as long as the last one took: buyers come first."""
TRIES = 10
"""For want of a moment at which no unit moves."""


@dataclass(slots=True)
class _Doubt:
    is_open: bool = True
    tries: int = 0
    """Comparisons that may be made until nothing moves: only then it shows whether the counts are right."""
    not_before: float = 0.0


class Doubts:
    """Those of one process. `run` must run for them to be settled."""

    def __init__(self, store: GateStore, comparer: Comparer) -> None:
        self._store = store
        self._comparer = comparer
        self._doubts: dict[str, _Doubt] = {}

    def note(self, activity_id: str, *, until_still: bool = False) -> None:
        """The gate may not know all; `until_still`: or its counts are wrong. Asks nobody."""
        doubt = self._doubts.setdefault(activity_id, _Doubt())
        doubt.is_open = True
        if until_still:
            doubt.tries = TRIES
        while len(self._doubts) > MOST_DOUBTS:
            self._doubts.pop(next(iter(self._doubts)))

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            for activity_id, doubt in list(self._doubts.items()):
                if time.monotonic() < doubt.not_before or not self._store.answers(activity_id):
                    continue
                if doubt.is_open:
                    await self._compare(activity_id, doubt)
                else:
                    self._doubts.pop(activity_id, None)
            await asyncio.sleep(LOOK_SECONDS)

    async def _compare(self, activity_id: str, doubt: _Doubt) -> None:
        began = time.monotonic()
        # What is noted from now on may come too late for this comparison, and opens the doubt again.
        doubt.is_open = False
        try:
            found = await self._comparer.compare(activity_id, repair=True)
        except (*STORE_ERRORS, Away, DomainError):
            doubt.is_open = True
        else:
            if not (found.is_repaired and (found.is_still or not doubt.tries)):
                doubt.is_open = True
            doubt.tries = max(0, doubt.tries - 1) if doubt.is_open else 0
        took = time.monotonic() - began
        doubt.not_before = time.monotonic() + max(PAUSE_SECONDS, PAUSE_FACTOR * took)
        await asyncio.sleep(REST_FACTOR * took)
