"""The advances of one replica on one shard: taken beside the calls, given out without a question.

A call waits for no advance. While there is none it is asked about as any other, and so are those of its
limits that are not hot. Advances are given out only while the store decides, and are lost with the process.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from domain.risk.advances import Advance, taken, units_to_advance
from domain.risk.limit import Limit
from domain.risk.reckoning import reckoned
from domain.risk.verbs import Verb
from domain.shared.errors import Unavailable
from servers.mesh.limiting.judgement import Asked, Judgement, Source
from servers.mesh.limiting.script import Request
from servers.mesh.limiting.shard import Shard, Undecided


class Lent(NamedTuple):
    """What of a request was given out of advances."""

    judgement: Judgement
    rest: Request
    """What the store must be asked about all the same."""


class Advances:
    """By the names of windows; only hot ones have any."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._advances: dict[bytes, Advance] = {}
        self._taking: dict[bytes, asyncio.Task[None]] = {}
        self._full_until_ms: dict[bytes, int] = {}
        """Where the store had no room for an advance: no more are asked for in that bucket."""
        self.taken_units = 0
        self.given_units = 0

    def lend(self, request: Request) -> Lent | None:
        """Gives what there is for a request that takes its cost from all its limits; None if nothing."""
        shard, cost = self._shard, request.cost
        hot = shard.demand.hot
        if not hot or not shard.can_decide:
            return None
        now_ms, latest_ms = shard.server_time.between_ms()
        lent, rest = list[tuple[bytes, Advance]](), list[tuple[bytes, Limit]]()
        for window, limit in zip(request.windows, request.limits, strict=True):
            advance = self._advances.get(window)
            if advance is not None and advance.covers(limit, cost, latest_ms):
                self._advances[window] = advance.given(cost)
                lent.append((window, advance))
                continue
            rest.append((window, limit))
            if window in hot and window not in self._taking:
                self._take(window, limit, cost, now_ms)
        if not lent:
            return None
        self.given_units += cost * len(lent)
        shard.count([window for window, _ in lent])
        windows, limits = [window for window, _ in rest], [limit for _, limit in rest]
        return Lent(self._judgement(lent, cost, now_ms), Request(Verb.DECIDE, limits, windows, cost))

    def take_back(self, lent: Lent) -> None:
        """The request was refused by another limit."""
        for _, request, taken_ms in lent.judgement.asked:
            (window,), (limit,) = request.windows, request.limits
            advance = self._advances.get(window)
            self.given_units -= request.cost
            if advance is not None and advance.limit is limit and advance.taken_ms == taken_ms:
                self._advances[window] = advance.given(-request.cost)

    async def close(self) -> None:
        """Returns when nothing is under way."""
        if self._taking:
            await asyncio.wait(self._taking.values())

    def _judgement(self, lent: Sequence[tuple[bytes, Advance]], cost: int, now_ms: int) -> Judgement:
        limits, used = [advance.limit for _, advance in lent], [advance.used for _, advance in lent]
        # What a caller gives back was taken from the store with the advance.
        asked = [
            Asked(self._shard, Request(Verb.DECIDE, [advance.limit], [window], cost), advance.taken_ms)
            for window, advance in lent
        ]
        return Judgement(reckoned(limits, used, [0] * len(lent), cost, now_ms), Source.ADVANCE, asked=asked)

    def _take(self, window: bytes, limit: Limit, cost: int, now_ms: int) -> None:
        demand = self._shard.demand.hot[window]
        units = units_to_advance(limit, cost, demand, self._shard.live_replicas, now_ms)
        if units and now_ms >= self._full_until_ms.get(window, 0):
            task = asyncio.create_task(self._taken(window, limit, units))
            self._taking[window] = task
            task.add_done_callback(lambda _: self._taking.pop(window, None))

    async def _taken(self, window: bytes, limit: Limit, units: int) -> None:
        shard = self._shard
        try:
            answer = await shard.ask(Request(Verb.DECIDE, [limit], [window], units))
        except (Undecided, Unavailable):
            # It may have been charged: then it is left over.
            return
        advance = taken(answer.reckoning)
        self._drop_ended(advance.taken_ms)
        if not answer.reckoning.admitted:
            self._full_until_ms[window] = advance.ends_ms
            return
        shard.shadow.record([window], [limit], units, advance.taken_ms, told=True)
        self._advances[window] = advance
        self.taken_units += units

    def _drop_ended(self, now_ms: int) -> None:
        self._advances = {window: one for window, one in self._advances.items() if one.ends_ms > now_ms}
        self._full_until_ms = {window: end for window, end in self._full_until_ms.items() if end > now_ms}
