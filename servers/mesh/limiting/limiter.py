"""The limiter of a process: counts in the store with all replicas, alone within bounds when it must.

The promise, where it ends and what happens then are told in docs/limiting.md.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby, islice

from domain.risk.limit import FailureClass, Limit
from domain.risk.reckoning import reckoned
from domain.risk.verbs import Verb
from domain.shared.errors import Unavailable
from servers.mesh.clock import Clock
from servers.mesh.limiting.advances import Advances
from servers.mesh.limiting.alone import decide_alone, has_closed
from servers.mesh.limiting.heart import SETTLED_MS, Heart
from servers.mesh.limiting.judgement import Asked, Charge, Judgement, Source, together
from servers.mesh.limiting.keys import Keys, shard_of
from servers.mesh.limiting.refusals import Attempts, Refusals
from servers.mesh.limiting.script import MOST_LIMITS, MOST_REQUESTS, Answer, Request
from servers.mesh.limiting.server_time import ServerTime
from servers.mesh.limiting.shard import SLOW_SECONDS, Shard, Undecided
from servers.mesh.redis_clients import AnyRedis

ATTEMPTS_SECONDS = 0.1
"""How often the store is told of refusals that it was not asked about."""
TOLD_AT_ONCE = 100
"""Windows. A flood from very many subjects must not cost as much as asking about each call."""
_REFUSING = (Verb.DECIDE, Verb.CHECK)
_TAKING = (Verb.DECIDE, Verb.DRAIN)


class WindowLimiter:
    """Decides on calls, within about 25 ms, and never raises because of its store.

    `run` must run as a job for as long as the process serves.
    """

    def __init__(
        self,
        client: AnyRedis,
        keys: Keys,
        clock: Clock,
        replica: str,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        """`replica` names this process, and no other that is alive.

        A store that takes longer than `slow_seconds` is not waited for.
        """
        self._keys = keys
        self.shards = [Shard(n, client, ServerTime(clock), replica, slow_seconds) for n in range(keys.shards)]
        self.advances = [Advances(shard) for shard in self.shards]
        self._refusals = Refusals()

    async def decide(
        self,
        charges: Sequence[Charge],
        cost: int,
        failure_class: FailureClass = FailureClass.BOUNDED,
        verb: Verb = Verb.DECIDE,
    ) -> Judgement:
        """DECIDE, CHECK, SPEND or DRAIN, of all charges or of none. A cost of 0 is a look.

        `failure_class` is that of the method, for limits without one of their own. Charges of different
        shards are asked at once, and given back if one refuses; a reader between may see them.
        Raises ValueError for more than 8 charges.
        """
        if len(charges) > MOST_LIMITS:
            raise ValueError(f"{len(charges)} charges; allowed: {MOST_LIMITS}")
        parts = self._parts(verb, charges, cost)
        if verb in _REFUSING and (known := self._known(parts, cost)) is not None:
            return known
        if len(parts) == 1:
            return await self._part(*parts[0], failure_class)
        judged = await asyncio.gather(*(self._part(*part, failure_class) for part in parts))
        if verb is Verb.DECIDE and not all(one.admitted for one in judged):
            await asyncio.gather(*(self.refund(one, cost) for one in judged if one.admitted))
        return together(judged, cost)

    async def refund(self, judgement: Judgement, units: int) -> None:
        """Gives back some of what an admitted call took; best effort.

        Exact limits take it back until the admission leaves the window, others while its bucket is the
        newest. Raises ValueError if it is more than the call took and has not given back.
        """
        if not judgement.admitted or not 0 <= units <= judgement.reckoning.cost - judgement.given_back:
            raise ValueError("no more can be given back than was taken")
        judgement.given_back += units
        for shard, asked, now_ms in judgement.asked:
            now = shard.server_time.now_ms()
            shard.shadow.give_back(asked.windows, asked.limits, units, now_ms, now)
            await self._make_room(shard, Request(Verb.REFUND, asked.limits, asked.windows, units, now_ms))

    async def reset(self, charges: Sequence[Charge]) -> None:
        """Forgets what the subjects have used; best effort.

        Other replicas hear of it when they next tell the store whom they refused: within about 0.1 s.
        """
        for shard, request in self._parts(Verb.RESET, charges, 0):
            shard.shadow.forget(request.windows)
            await self._make_room(shard, request)

    async def run(self) -> None:
        """Keeps in touch with the store until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for shard in self.shards:
                group.create_task(Heart(shard).run())
            group.create_task(self._tell_attempts())

    async def close(self) -> None:
        """Returns when nothing is under way. The client is the caller's."""
        for advances, shard in zip(self.advances, self.shards, strict=True):
            await advances.close()
            await shard.close()

    def _parts(self, verb: Verb, charges: Sequence[Charge], cost: int) -> list[tuple[Shard, Request]]:
        """One request for each shard."""
        if self._keys.shards == 1:
            limits = [charge.limit for charge in charges]
            names = [self._keys.window(limit.rule_id, limit.subject, who)[1] for limit, who in charges]
            return [(self.shards[0], Request(verb, limits, names, cost))]
        grouped: dict[int, tuple[list[Limit], list[bytes]]] = {}
        for limit, who in charges:
            number, name = self._keys.window(limit.rule_id, limit.subject, who)
            limits, names = grouped.setdefault(number, ([], []))
            limits.append(limit)
            names.append(name)
        return [(self.shards[n], Request(verb, *group, cost)) for n, group in grouped.items()]

    def _known(self, parts: Sequence[tuple[Shard, Request]], cost: int) -> Judgement | None:
        """What is known to refuse a call: then nobody need be asked."""
        known = []
        for shard, request in parts:
            between_ms = shard.server_time.between_ms()
            found = self._refusals.find(request.windows, request.limits, cost, *between_ms)
            if found is not None:
                known.append(Judgement(found, Source.CACHE))
        if len(known) > 1:
            return together(known, cost)
        return known[0] if known else None

    async def _part(self, shard: Shard, request: Request, failure_class: FailureClass) -> Judgement:
        """What was taken in advance needs no question."""
        advances = self.advances[shard.number]
        lent = advances.lend(request) if request.verb is Verb.DECIDE and request.cost else None
        if lent is None:
            return await self._asked(shard, request, failure_class)
        if not lent.rest.limits:
            return lent.judgement
        rest = await self._asked(shard, lent.rest, failure_class)
        if not rest.admitted:
            advances.take_back(lent)
            return rest
        return together([rest, lent.judgement], request.cost)

    async def _asked(self, shard: Shard, request: Request, failure_class: FailureClass) -> Judgement:
        if not request.limits:
            return Judgement(reckoned((), (), (), request.cost, 0), Source.STORE)
        may_be_counted = False
        if shard.can_decide or await self._becomes_able(shard, request, failure_class):
            try:
                return self._noted(shard, request, await shard.ask(request))
            except Undecided as error:
                may_be_counted = error.may_be_counted
            except Unavailable:
                pass
        return decide_alone(shard, request, failure_class, may_be_counted=may_be_counted)

    def _noted(self, shard: Shard, request: Request, answer: Answer) -> Judgement:
        reckoning = answer.reckoning
        if request.verb is Verb.SPEND or (reckoning.admitted and request.verb in _TAKING):
            shard.shadow.record(request.windows, request.limits, request.cost, reckoning.now_ms, told=True)
        elif not reckoning.admitted and request.verb is Verb.DECIDE:
            self._refusals.add(reckoning, request.windows)
        asked = (Asked(shard, request, reckoning.now_ms),) if reckoning.admitted else ()
        return Judgement(reckoning, Source.STORE, answer.attempts, asked)

    async def _becomes_able(self, shard: Shard, request: Request, failure_class: FailureClass) -> bool:
        """Strict limits wait for the replicas to tell the store what it lost; the others do not."""
        if shard.breaker.is_open or not has_closed(request, failure_class):
            return False
        try:
            await asyncio.wait_for(shard.settled.wait(), SETTLED_MS / 1000)
        except TimeoutError:
            return False
        return shard.can_decide

    async def _make_room(self, shard: Shard, request: Request) -> None:
        try:
            await self._tell(shard, request)
        finally:
            # Not before: a refusal from before it may have been on its way meanwhile.
            self._refusals.forget(request.windows)

    async def _tell(self, shard: Shard, request: Request) -> None:
        if shard.can_decide:
            # Best effort: what was not given back leaves with its window.
            with suppress(Undecided, Unavailable):
                await shard.ask(request)

    async def _tell_attempts(self) -> None:
        while True:
            await asyncio.sleep(ATTEMPTS_SECONDS)
            told = groupby(sorted(self._refusals.take_unasked(TOLD_AT_ONCE), key=_shard_of), _shard_of)
            for number, attempts in told:
                while some := list(islice(attempts, MOST_REQUESTS)):
                    await self._tell_some(self.shards[number], some)

    async def _tell_some(self, shard: Shard, attempts: Sequence[Attempts]) -> None:
        requests = [Request(Verb.ATTEMPT, [one.limit], [one.window], one.times) for one in attempts]
        for one, answer in zip(attempts, await shard.tell(requests), strict=True):
            if not isinstance(answer, Exception):
                self._refusals.heard(one.window, answer.reckoning.used[0])


def _shard_of(attempts: Attempts) -> int:
    return shard_of(attempts.window)
