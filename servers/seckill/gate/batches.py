"""Many things at once: whoever comes in the same moment shares one pipeline, with one script an activity."""

from asyncio import Future
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from domain.seckill.gate import Answer, Verdict
from domain.shared.errors import Unavailable
from servers.mesh.batching import Coalescer, for_two
from servers.seckill.gate.store import Call, GateStore, Reply
from servers.seckill.gate.things import BATCH, MOST_THINGS, NOBODY, answers_of

MOST_ENTRIES = 256
"""Of one pipeline."""
MOST_WAITING = 65_536
PAUSE_SECONDS = 0.001
"""That a crowd gathers for: to send and to receive costs much more than one thing more in what is sent."""
AWAY = Answer(Verdict.AWAY)


class Entry(NamedTuple):
    """What one caller wants done, in this order."""

    activity_id: str
    things: Sequence[bytes]


class Batches:
    """Has things done. A caller that leaves changes nothing."""

    def __init__(self, store: GateStore, untold: Callable[[str], None]) -> None:
        """`untold` hears of each activity whose gate could not be told something."""
        self._store = store
        self._untold = untold
        self._coalesced = Coalescer(
            self._run, max_size=MOST_ENTRIES, max_waiting=MOST_WAITING, pause=for_two(PAUSE_SECONDS)
        )

    async def do(self, activity_id: str, things: Sequence[bytes]) -> Sequence[Answer]:
        """An answer each: AWAY if there is none. Raises Unavailable (STORE_OVERLOADED)."""
        return await self._coalesced(Entry(activity_id, things))

    def tell(self, activity_id: str, things: Sequence[bytes]) -> None:
        """Has them done after all that was asked before; no caller hears whether they were."""
        try:
            told = self._coalesced.put(Entry(activity_id, things))
        except Unavailable:
            self._untold(activity_id)
        else:
            told.add_done_callback(partial(self._note, activity_id))

    async def close(self) -> None:
        """Returns when nothing is under way."""
        await self._coalesced.drain()

    def _note(self, activity_id: str, told: Future[Sequence[Answer]]) -> None:
        if told.cancelled() or told.exception() or AWAY in told.result():
            self._untold(activity_id)

    async def _run(self, entries: Sequence[Entry]) -> Sequence[Sequence[Answer]]:
        by_activity: dict[str, list[bytes]] = {}
        for activity_id, things in entries:
            by_activity.setdefault(activity_id, []).extend(things)
        answers = {name: iter(found) for name, found in (await self._answers(by_activity)).items()}
        return [[next(answers[name]) for _ in things] for name, things in entries]

    async def _answers(self, by_activity: dict[str, list[bytes]]) -> dict[str, list[Answer]]:
        parts = [
            (activity_id, things[at : at + MOST_THINGS])
            for activity_id, things in by_activity.items()
            for at in range(0, len(things), MOST_THINGS)
        ]
        calls = [Call(activity_id, BATCH, [NOBODY, *things]) for activity_id, things in parts]
        answers: dict[str, list[Answer]] = {activity_id: [] for activity_id in by_activity}
        for (activity_id, things), reply in zip(parts, await self._store.run(calls), strict=True):
            answers[activity_id] += _answered(reply, len(things))
        return answers


def _answered(reply: Reply | Exception, count: int) -> list[Answer]:
    return [AWAY] * count if isinstance(reply, Exception) else answers_of(reply, count)
