"""A copy of the list is what is published, whatever of the way to it was lost."""

from typing import Any

import redis.asyncio

from domain.risk.canonical import encoded
from domain.risk.states import State
from domain.risk.subjects import SubjectKind
from servers.mesh.clock import SystemClock
from servers.mesh.judging.list_copy import ListCopy
from servers.mesh.judging.published import HEAD, REMOVED, changes_key, publish_changes
from tests.wire.judging.publishing import an_entry, list_entries

Redis = redis.asyncio.Redis
GONE = "m0"


async def follow(copy: ListCopy, client: Redis) -> None:
    call: Any = client
    await copy.follow(client, await call.hgetall(HEAD))


def listed(copy: ListCopy, *members: str) -> list[str]:
    named = [("MEMBER", member) for member in members]
    return [seen.subject.value for seen in copy.look_up(named, SystemClock().now())]


async def publish(client: Redis, generation: str, *members: str) -> None:
    entries = [an_entry(SubjectKind.MEMBER, member, State.SUSPECT) for member in members]
    assert await publish_changes(
        client, generation, {str(one.subject): encoded(one).encode() for one in entries}
    )


async def test_changes_that_are_gone_are_not_jumped_over(redis_client: Redis) -> None:
    """What was in the gap is known from the whole list: who came in it, and who went in it."""
    generation = await list_entries(redis_client, an_entry(SubjectKind.MEMBER, GONE, State.CONFIRMED))
    copy = ListCopy()
    await publish(redis_client, generation, "m1")
    await follow(copy, redis_client)
    await publish(redis_client, generation, "m2")
    assert await publish_changes(redis_client, generation, {f"MEMBER:{GONE}": REMOVED})
    await publish(redis_client, generation, "m3")
    await redis_client.xtrim(changes_key(generation), maxlen=1, approximate=False)
    await follow(copy, redis_client)
    assert listed(copy, GONE, "m1", "m2", "m3") == ["m1", "m2", "m3"]


async def test_a_copy_keeps_what_it_knows_while_nothing_is_published(redis_client: Redis) -> None:
    await list_entries(redis_client, an_entry(SubjectKind.MEMBER, "m1", State.CONFIRMED))
    copy = ListCopy()
    await follow(copy, redis_client)
    await redis_client.delete(HEAD)
    await follow(copy, redis_client)
    assert listed(copy, "m1") == ["m1"]
