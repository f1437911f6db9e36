"""Callers who hang up at any moment: no wrong answer, nothing half written (F-32)."""

import asyncio
import random
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from clients import DeadlineExceeded
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.scenario.identity.crowds import assert_one_row_of, persistent
from tests.scenario.identity.whole import assert_whole
from tests.wire.identity import requests as r
from tests.wire.identity.cards import MONTHLY
from tests.wire.identity.mesh import Mesh
from tests.wire.identity.shopping import timeline_of

CALLERS = 6
CALLS = 400
"""A caller, one after the other."""


@dataclass
class Impatient:
    """A caller about one member who waits 1 to 20 ms for an answer."""

    mesh: Mesh
    chance: random.Random
    member: str = field(default_factory=r.a_member)
    asked: list[pb.GrantTermRequest] = field(default_factory=list)
    answered: int = 0
    given_up: int = 0

    async def run(self) -> None:
        for _ in range(CALLS):
            try:
                await self._call(self.chance.uniform(0.001, 0.020))
                self.answered += 1
            except DeadlineExceeded:
                self.given_up += 1

    async def _call(self, seconds: float) -> None:
        kind = self.chance.choice(["grant", "list", "list", "read", "check"])
        if kind == "grant" and len(self.asked) < 20:
            request = r.a_grant(self.member, MONTHLY)
            self.asked.append(request)
            answer: Any = await self.mesh.identity.GrantTerm(request, timeout=seconds)
            assert answer.term.cause == request.cause
            named = answer.timeline.member_id
        elif kind == "read":
            read = pb.GetTimelineRequest(member_id=self.member)
            named = (await self.mesh.identity.GetTimeline(read, timeout=seconds)).timeline.member_id
        elif kind == "check":
            check = pb.BatchCheckIdentitiesRequest(member_ids=[self.member])
            [one] = (await self.mesh.identity.BatchCheckIdentities(check, timeout=seconds)).members
            named = one.member_id
        else:
            listing = pb.ListIdentitiesRequest(member_id=self.member)
            held = await self.mesh.identity.ListIdentities(listing, timeout=seconds)
            causes = {cause.cause.id for item in held.identities for cause in item.causes}
            assert causes <= {request.cause.id for request in self.asked}
            return
        assert named == self.member

    async def settled(self) -> None:
        """Sends every write again, with time to spare: what was done is not done twice."""
        for request in self.asked:
            answer = await persistent(partial(self.mesh.identity.GrantTerm, request))
            assert answer.term.cause == request.cause
        if self.asked:
            assert_one_row_of(await timeline_of(self.mesh, self.member), len(self.asked))


async def test_callers_who_hang_up_leave_nothing_half_done(mesh: Mesh) -> None:
    callers = [Impatient(mesh, random.Random(seed)) for seed in range(CALLERS)]
    await asyncio.gather(*(caller.run() for caller in callers))
    answered, given_up = sum(one.answered for one in callers), sum(one.given_up for one in callers)
    print(f"{answered} answered, {given_up} given up")
    assert min(answered, given_up) > 10, "both must happen for this to show anything"
    await asyncio.gather(*(caller.settled() for caller in callers))
    assert_whole(mesh.store_url)
