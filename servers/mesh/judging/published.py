"""What the Risk service publishes to every process, through Redis: its names, its form, its order.

A small hash, the head, says what is in force, so that a process that has it all asks for nothing more:

- `rules`: revision of the rule set that stands in RULES.
- `list`: the generation of the list. A generation has a hash of its own (subject → entry) and a stream
  of its own (what changed, numbered from 1 without a gap). It is filled before the head names it, so
  nobody sees half a list.
- `seq`: number of the last change in that stream.

Rules and entries are in the form of `domain.risk.canonical`; subjects are named as `str` names them.

The Risk service owns the truth and publishes under a lease, so there is one publisher at a time. Whoever
loses Redis, loses the head with it; then the copies stay, and the publisher makes a new generation.
"""

import secrets
from collections.abc import AsyncIterable, Mapping
from typing import Any

from servers.mesh.redis_clients import AnyRedis

# One hash tag: a cluster keeps all of it on one server, as the scripts demand.
HEAD = "nectary:{risk}:head"
RULES = "nectary:{risk}:rules"
KEPT_CHANGES = 10_000
"""A copy that is farther behind reads the whole list again."""
FILLED_AT_ONCE = 500
UNFINISHED_SECONDS = 3600
"""After this a generation goes that its publisher did not live to finish."""
REMOVED = b""
"""In place of an entry: the subject is listed no more."""


def list_key(generation: str) -> str:
    """The hash of all entries of a generation."""
    return f"nectary:{{risk}}:list:{generation}"


def changes_key(generation: str) -> str:
    """The stream of its changes."""
    return f"nectary:{{risk}}:changes:{generation}"


async def publish_rules(client: AnyRedis, revision: int, document: bytes) -> None:
    """Puts a rule set in force; every process has it within a second."""
    # redis-py types neither a pipeline's commands nor its answers.
    pipeline: Any = client.pipeline(transaction=True)
    pipeline.set(RULES, document)
    pipeline.hset(HEAD, "rules", revision)
    await pipeline.execute()


async def publish_list(client: AnyRedis, entries: AsyncIterable[tuple[str, bytes]]) -> str:
    """Publishes the whole list, (subject, entry) by (subject, entry), as a new generation; its name."""
    call: Any = client
    generation = secrets.token_hex(8)
    batch: dict[str, bytes] = {}
    async for subject, entry in entries:
        batch[subject] = entry
        if len(batch) == FILLED_AT_ONCE:
            await _fill(client, generation, batch)
            batch.clear()
    if batch:
        await _fill(client, generation, batch)
    before = await call.hget(HEAD, "list")
    pipeline = call.pipeline(transaction=True)
    pipeline.persist(list_key(generation))
    pipeline.hset(HEAD, mapping={"list": generation, "seq": 0})
    if before:
        pipeline.unlink(list_key(before.decode()), changes_key(before.decode()))
    await pipeline.execute()
    return generation


async def _fill(client: AnyRedis, generation: str, batch: Mapping[str, bytes]) -> None:
    call: Any = client
    pipeline = call.pipeline(transaction=True)
    pipeline.hset(list_key(generation), mapping=dict(batch))
    pipeline.expire(list_key(generation), UNFINISHED_SECONDS)
    await pipeline.execute()


async def publish_changes(client: AnyRedis, generation: str, changes: Mapping[str, bytes]) -> bool:
    """Publishes changed entries, REMOVED for those that went; at most some hundreds at once.

    False if the list has another generation by now, or none: publish the whole list again.
    """
    call: Any = client
    keys = (HEAD, list_key(generation), changes_key(generation))
    pairs = [part for pair in changes.items() for part in pair]
    return bool(await call.eval(_CHANGE, len(keys), *keys, generation, KEPT_CHANGES, *pairs))


_CHANGE = """
local head, list, changes = KEYS[1], KEYS[2], KEYS[3]
if redis.call('HGET', head, 'list') ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do
  local subject, entry = ARGV[i], ARGV[i + 1]
  if entry == '' then redis.call('HDEL', list, subject) else redis.call('HSET', list, subject, entry) end
  local seq = redis.call('HINCRBY', head, 'seq', 1)
  redis.call('XADD', changes, 'MAXLEN', '~', ARGV[2], seq .. '-0', 'subject', subject, 'entry', entry)
end
return 1
"""
