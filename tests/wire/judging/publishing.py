"""Publishes rules and entries as the Risk service would."""

from collections.abc import AsyncIterator

import redis.asyncio

from domain.risk.canonical import encoded
from domain.risk.rules import Rule, RuleSet
from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.suspects import Entry
from domain.shared.instants import HOUR
from servers.mesh.clock import SystemClock
from servers.mesh.judging.published import publish_list, publish_rules


async def put_in_force(client: "redis.asyncio.Redis", *rules: Rule, revision: int = 1) -> None:
    """Publishes these rules and no others."""
    await publish_rules(client, revision, encoded(RuleSet(revision, rules)).encode())


async def list_entries(client: "redis.asyncio.Redis", *entries: Entry) -> str:
    """Publishes a list of these entries and no others; its generation."""

    async def named() -> AsyncIterator[tuple[str, bytes]]:
        for entry in entries:
            yield str(entry.subject), encoded(entry).encode()

    return await publish_list(client, named())


def an_entry(kind: SubjectKind, value: str, state: State, lasts: int = HOUR) -> Entry:
    """Of somebody listed just now, for so many microseconds."""
    now = SystemClock().now()
    return Entry(Subject(kind, value), state, since=now, expires=now + lasts, version=1)
