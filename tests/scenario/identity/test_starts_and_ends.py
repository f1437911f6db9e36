"""Every start and end of an identity is told exactly once, also when nothing is written then (ID-14)."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.scenario.identity.listener import Heard, listening
from tests.scenario.identity.lives import ENDED, STARTED, Life, Moment, a_while, moments_of
from tests.scenario.identity.whole import assert_whole
from tests.servers import Redis
from tests.wire.identity import requests as r
from tests.wire.identity.mesh import START, Mesh, serving
from tests.wire.identity.shopping import timeline_of

MEMBERS = 24
DEEDS_A_STEP = 8
TWO_YEARS = timedelta(days=731)
KINDS = {identity.EVENT_TYPE_IDENTITY_STARTED: STARTED, identity.EVENT_TYPE_IDENTITY_ENDED: ENDED}


async def test_starts_and_ends_of_two_years_are_told_once_each(
    store_url: str, valkey: Redis, tmp_path: Path
) -> None:
    chance = random.Random(14)
    async with (
        listening(valkey.url, tmp_path) as listener,
        serving(store_url, redis_url=valkey.url) as mesh,
    ):
        lives = [Life(mesh, chance) for _ in range(MEMBERS)]
        now = START
        while now < START + TWO_YEARS:
            for life in chance.sample(lives, DEEDS_A_STEP):
                await life.live()
            now += a_while(chance)
            await mesh.at(now)
        events = {life.member: await _events(mesh, life.member) for life in lives}
        timelines = {life.member: await timeline_of(mesh, life.member) for life in lives}
        heard = await listener.heard(sum(len(found) for found in events.values()))
    assert sum(life.done for life in lives) > sum(life.refused for life in lives)
    for member, found in events.items():
        assert _moments(found) == moments_of(timelines[member], now)
        _assert_alternating(found)
        assert [one for one in heard if one[1] == member] == [_as_heard(event) for event in found]
    assert len({one[0] for one in heard}) == len(heard)
    assert_whole(store_url)


async def _events(mesh: Mesh, member: str) -> list[identity.TimelineEvent]:
    page = await mesh.identity.ListEvents(pb.ListEventsRequest(member_id=member, page_size=500))
    assert not page.next_page_token
    return list(page.events)


def _moments(events: list[identity.TimelineEvent]) -> list[Moment]:
    """The starts and ends that were told."""
    return sorted(
        (r.moment(event.effective_time), KINDS[event.type], event.lane_id, event.sku_id)
        for event in events
        if event.type in KINDS
    )


def _assert_alternating(events: list[identity.TimelineEvent]) -> None:
    """In the order of telling, and no sooner than they took effect."""
    told: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in events:
        if event.type in KINDS:
            told[event.lane_id, event.sku_id].append(KINDS[event.type])
            assert r.moment(event.recorded_time) >= r.moment(event.effective_time)
    for kinds in told.values():
        assert kinds == [STARTED, ENDED] * (len(kinds) // 2) + [STARTED] * (len(kinds) % 2)


def _as_heard(event: identity.TimelineEvent) -> Heard:
    effective: datetime = r.moment(event.effective_time)
    microseconds = (effective - datetime.fromtimestamp(0, effective.tzinfo)) // timedelta(microseconds=1)
    name = identity.EventType.Name(event.type).removeprefix("EVENT_TYPE_")
    return (event.event_id, event.member_id, event.sequence, name.title().replace("_", ""), microseconds)
