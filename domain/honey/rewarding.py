"""An event brings tasks nearer, and what is completed is rewarded in the same transaction."""

from collections.abc import Iterable

from domain.honey import earning
from domain.honey.earning_conditions import HoldsAnyOf, HoldsNoneOf
from domain.honey.earning_events import Event
from domain.honey.earning_expiry import expires, sliding_of
from domain.honey.known import Held
from domain.honey.lots import Lot
from domain.honey.ports import HoneyPorts
from domain.honey.task_rules import Points, TaskVersion, open_tasks
from domain.honey.tasks import ProgressKey, TaskCompleted, advance, progress_of
from domain.honey.wallet import Occasion, Wallet
from domain.shared.doing import Doing


def tasks_of(versions: Iterable[TaskVersion], event: Event) -> list[TaskVersion]:
    """The versions for which an event may count: one of a task, at most."""
    return [task for task in open_tasks(versions, event.occurred) if task.scene == event.scene]


def ask_for_holders(tasks: Iterable[TaskVersion]) -> bool:
    """Whether any of them depends on what the member held."""
    return any(isinstance(each, HoldsAnyOf | HoldsNoneOf) for task in tasks for each in task.conditions)


def advance_tasks(
    wallet: Wallet, event: Event, held: Held, ports: HoneyPorts, doing: Doing
) -> list[TaskCompleted]:
    """What was completed by it: once for each version, member and period (AP-2)."""
    programme, completed = wallet.programme, list[TaskCompleted]()
    for task in tasks_of(programme.tasks, event):
        of = progress_of(programme.programme_id, task, event.member_id, event.occurred)
        before = ports.task_progress.get(of.key) or of
        after, events = advance(task, before, event, held.at_event, wallet.now)
        if events:
            ports.task_progress.put(after, events, doing)
        completed += [each for each in events if isinstance(each, TaskCompleted)]
    for each in completed:
        if isinstance(each.reward, Points):
            _give(wallet, each.key, each.reward, each.reward_id)
    return completed


def _give(wallet: Wallet, key: ProgressKey, reward: Points, reward_id: str) -> None:
    """Points are given here; benefits and memberships by those who hear of the completion."""
    wallet.turn_to(Occasion(reward_id, f"task:{key.task_id}:{key.version}"))
    lot = Lot(
        lot_id=reward_id,
        wallet_id=wallet.wallet_id,
        earned=reward.points,
        active_from=wallet.now,
        expires=expires(reward.expiry, wallet.now, wallet.programme.zone),
        sliding=sliding_of(reward.expiry),
        cause=f"task:{key.task_id}:{key.version}",
    )
    if lot.expires is None or lot.expires > wallet.now:
        earning.earn(wallet, lot)
