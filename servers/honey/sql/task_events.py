"""What others hear of tasks: `TaskAdvanced` and `TaskCompleted` in the outbox, a form that never changes."""

import hashlib
from typing import Any

import orjson

from domain.honey.task_rules import Benefit, MembershipDays, Points, Reward
from domain.honey.tasks import TaskAdvanced, TaskCompleted, TaskEvent, reward_id_of
from domain.shared.doing import Doing
from servers.store.event import Event


def outbox_event(told: TaskEvent, seq: int, doing: Doing) -> Event:
    """The `seq`-th of its progress."""
    reward_id = reward_id_of(told.key)
    return Event(
        event_id=hashlib.sha256(f"{reward_id}:{seq}".encode()).hexdigest()[:32],
        type=type(told).__name__,
        version=1,
        subject=f"task:{reward_id}",
        seq=seq,
        effective_time=doing.now,
        recorded_time=doing.now,
        causation_id=told.event_id,
        correlation_id=told.event_id,
        actor=doing.actor,
        payload=orjson.dumps(told.key._asdict() | _payload(told), option=orjson.OPT_SORT_KEYS),
    )


def _payload(told: TaskEvent) -> dict[str, Any]:
    match told:
        case TaskAdvanced(_, event_id, value, target):
            return {"event_id": event_id, "value": value, "target": target}
        case TaskCompleted(_, event_id, reward_id, reward, completed):
            return {
                "event_id": event_id,
                "reward_id": reward_id,
                "reward": _reward(reward),
                "completed": completed,
            }


def _reward(own: Reward) -> dict[str, Any]:
    match own:
        case Points(points):
            return {"kind": "points", "points": points}
        case Benefit(benefit_id):
            return {"kind": "benefit", "benefit_id": benefit_id}
        case MembershipDays(sku_id, days):
            return {"kind": "membership_days", "sku_id": sku_id, "days": days}
