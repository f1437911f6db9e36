"""Members who buy, pause, resume, extend and give back, at random, as the clock moves on."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clients import Refused
from nectary.identity.v1 import catalog_pb2 as cards
from nectary.identity.v1 import identity_pb2 as identity
from tests.wire.identity import requests as r
from tests.wire.identity.cards import ANNUAL, CARD, CLUB, FENGXIANG, MONTHLY, PASS, QUARTERLY, STUDENT
from tests.wire.identity.mesh import Mesh
from tests.wire.identity.shopping import bought, timeline_of

WANTED = (MONTHLY, QUARTERLY, QUARTERLY, ANNUAL, FENGXIANG, PASS, PASS, CARD, STUDENT, CLUB)
DEEDS = ("buy",) * 6 + ("give back", "give back", "pause", "resume", "resume", "extend")
SUPPLIER = cards.ACQUISITION_CHANNEL_SUPPLIER


@dataclass
class Life:
    """One member, whose every deed is at an instant of its own."""

    mesh: Mesh
    chance: random.Random
    member: str = field(default_factory=r.a_member)
    done: int = 0
    refused: int = 0

    async def live(self) -> None:
        """One deed; the rules may refuse it."""
        try:
            await self._do(self.chance.choice(DEEDS))
            self.done += 1
        except Refused:
            self.refused += 1

    async def _do(self, deed: str) -> None:
        if deed == "buy":
            return await self._buy(self.chance.choice(WANTED))
        terms = (await timeline_of(self.mesh, self.member)).terms
        states = _SUITED[deed]
        suited = [term.term_id for term in terms if term.state in states]
        if suited:
            await self._change(deed, self.chance.choice(suited))
        return None

    async def _buy(self, sku: str) -> None:
        if sku == CARD:
            await self.mesh.identity.GrantTerm(r.a_grant(self.member, sku, acquisition_channel=SUPPLIER))
        else:
            await bought(self.mesh, self.member, sku)

    async def _change(self, deed: str, term: str) -> None:
        calls: dict[str, Any] = {
            "give back": (self.mesh.identity.TerminateTerm, r.a_refund),
            "pause": (self.mesh.identity.PauseTerm, r.a_pause),
            "resume": (self.mesh.identity.ResumeTerm, r.a_resumption),
            "extend": (self.mesh.identity.ExtendTerm, r.an_extension),
        }
        call, request = calls[deed]
        await call(request(self.member, term))


_SUITED: dict[str, Sequence[int]] = {
    "give back": (identity.TERM_STATE_ACTIVE, identity.TERM_STATE_QUEUED),
    "pause": (identity.TERM_STATE_ACTIVE,),
    "resume": (identity.TERM_STATE_PAUSED,),
    "extend": (identity.TERM_STATE_ACTIVE,),
}

Moment = tuple[datetime, str, str, str]
"""When, what, and the lane and SKU that it concerns."""
STARTED = "IdentityStarted"
ENDED = "IdentityEnded"


def moments_of(timeline: identity.Timeline, now: datetime) -> list[Moment]:
    """Every start and end up to now that a timeline shows: segments of one SKU that abut are one identity."""
    found: list[Moment] = []
    for lane in timeline.lanes:
        for number, segment in enumerate(lane.segments):
            before, after = _neighbour(lane, number - 1), _neighbour(lane, number + 1)
            key = (lane.lane_id, segment.sku_id)
            if before is None or (before.sku_id, before.end_time) != (segment.sku_id, segment.start_time):
                found.append((r.moment(segment.start_time), STARTED, *key))
            if after is None or (after.sku_id, after.start_time) != (segment.sku_id, segment.end_time):
                found.append((r.moment(segment.end_time), ENDED, *key))
    return sorted(moment for moment in found if moment[0] <= now)


def _neighbour(lane: identity.Lane, number: int) -> identity.Segment | None:
    return lane.segments[number] if 0 <= number < len(lane.segments) else None


def a_while(chance: random.Random) -> timedelta:
    """Days, hours, or one microsecond past a whole day."""
    return timedelta(
        days=chance.choice([0, 1, 3, 7, 20, 31]), microseconds=chance.choice([1, 10**6, 3_600_000_001])
    )
