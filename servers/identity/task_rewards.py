"""Memberships that members are rewarded with for tasks: each is given once, and Honey is told.

The term, or the refusal, and the answer to Honey are one transaction with the event's inbox row (AP-2). A
refusal is for ever: somebody has to look at it.
"""

from typing import Any, TypeAlias

import orjson
from redis.asyncio import Redis
from sqlalchemy import Connection

from domain.identity.catalog import Channel
from domain.identity.commands.grant import GrantTerm
from domain.identity.terms import Cause, CauseKind
from domain.shared.doing import Doing
from domain.shared.instants import Instant, Period
from domain.shared.instants import Unit as Time
from servers.identity.giving import give
from servers.identity.sql.tables import common
from servers.identity.sql.unit import Memory, Unit
from servers.mesh.clock import Clock
from servers.store.consumer import Consumer
from servers.store.dead_letters import DeadLetters
from servers.store.event import Event
from servers.store.inbox import Inbox
from servers.store.intake import Intake, at_once, one_by_one
from servers.store.outbox import Outbox
from servers.store.store import Store

STREAM = "nectary:honey:events"
DEAD_STREAM = "nectary:identity:dead"
GROUP = "identity_rewards"
COMPLETED = "TaskCompleted"
MEMBERSHIP = "membership_days"
GIVEN = "TaskRewardGiven"
REFUSED = "TaskRewardRefused"
SOURCE = "honey"
ACTOR = "service:honey"
BLOCK_MS = 1_000

_OUTBOX = Outbox(common.outbox)

Completed: TypeAlias = dict[str, Any]
"""The payload of a task that was completed."""


def task_reward_intake(
    store: Store,
    memory: Memory,
    waiting_redis: Redis,
    clock: Clock,
    system_clock: Clock,
    *,
    block_ms: int = BLOCK_MS,
) -> Consumer:
    """The reader of Honey's events: its `run` is a job for a lease. Terms begin by `clock`."""

    def take(connection: Connection, event: Event) -> None:
        completed: Completed = orjson.loads(event.payload)
        if completed["reward"]["kind"] == MEMBERSHIP:
            _take(Unit(connection, memory), connection, event, completed, clock.now())

    dead_letters = DeadLetters(common.dead_letter, GROUP)
    intake = Intake(store, Inbox(common.inbox, GROUP), dead_letters, at_once(one_by_one(take)), system_clock)
    return Consumer(intake, waiting_redis, STREAM, DEAD_STREAM, GROUP, block_ms=block_ms, types=[COMPLETED])


def _take(unit: Unit, connection: Connection, event: Event, completed: Completed, now: Instant) -> None:
    reason = give([_grant(completed)], unit, Doing(ACTOR, event.event_id, now))
    _OUTBOX.append(connection, [_answer(event, completed, reason, now)])


def _grant(completed: Completed) -> GrantTerm:
    """The reward's id is that of the term, too: whoever gives it again gives the same."""
    reward, reward_id = completed["reward"], completed["reward_id"]
    return GrantTerm(
        member_id=completed["member_id"],
        sku_id=reward["sku_id"],
        source=SOURCE,
        channel=Channel.INCENTIVE_TASK,
        cause=Cause(CauseKind.TASK, reward_id),
        term_id=reward_id,
        period=Period(reward["days"], Time.DAY),
    )


def _answer(event: Event, completed: Completed, reason: str, now: Instant) -> Event:
    named = ("reward_id", "programme_id", "task_id", "member_id")
    payload = {name: completed[name] for name in named} | {"reason": reason}
    return Event(
        event_id=f"tr:{completed['reward_id']}",
        type=REFUSED if reason else GIVEN,
        version=1,
        subject=f"task:{completed['reward_id']}",
        seq=1,
        effective_time=now,
        recorded_time=now,
        causation_id=event.event_id,
        correlation_id=event.correlation_id,
        actor=ACTOR,
        payload=orjson.dumps(payload, option=orjson.OPT_SORT_KEYS),
    )
