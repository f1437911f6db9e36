"""An earning event is recorded: every rule of its scene is asked, and what they give is posted at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.honey import earning, refusals
from domain.honey.accounts import Account
from domain.honey.due import opened
from domain.honey.earning_events import Event
from domain.honey.earning_expiry import sliding_of
from domain.honey.evaluation import evaluate
from domain.honey.event_records import EventKey, EventRecord, RuleEarning, counter_key, earning_id
from domain.honey.funding import affordable
from domain.honey.known import Held, HoldersUnknown, standing_of
from domain.honey.lots import Lot
from domain.honey.merchants import Merchant
from domain.honey.order_refunds import known_of
from domain.honey.ports import HoneyPorts
from domain.honey.rewarding import advance_tasks, ask_for_holders, tasks_of
from domain.honey.settling import settle
from domain.honey.tasks import TaskCompleted
from domain.honey.verdicts import Earning, Evaluation
from domain.honey.wallet import Occasion, Wallet
from domain.honey.wallets import MERCHANT, Owner, Standing, owner_of, wallet_id_of
from domain.shared.doing import Doing
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """A member did something that may earn points."""

    wallet_id: str
    event: Event
    held: Held | None = None
    """None: Identity has not been asked."""

    @property
    def key(self) -> EventKey:
        programme_id, _ = owner_of(self.wallet_id)
        return EventKey(programme_id, self.event.event_id)

    def knowing(self, held: Held) -> "RecordEvent":
        """The same, with what Identity has said."""
        return replace(self, held=held)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of it."""

    evaluation: Evaluation
    lots: Sequence[Lot]
    """What it brought, now or when it was recorded first."""
    standing: Standing
    completed: Sequence[TaskCompleted]
    """Tasks that were completed by it."""
    recorded_before: bool = False


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What would come of it."""

    revision: int
    """Of the rules that were asked."""
    evaluation: Evaluation


def evaluate_event(command: RecordEvent, ports: HoneyPorts, doing: Doing) -> Evaluated:
    """What `record_event` would do now. Raises the same."""
    return _evaluated(command, ports, opened(ports, command.wallet_id, doing, Occasion()).now)


def record_event(command: RecordEvent, ports: HoneyPorts, doing: Doing) -> Recorded:
    """Once for each event.

    Raises Invalid (bounds, an unknown scene, the future, IDEMPOTENCY_KEY_REUSED), HoldersUnknown, NotFound
    (PROGRAMME_NOT_FOUND, TRANSACTION_NOT_FOUND for its spend).
    """
    key, event = command.key, command.event
    wallet = opened(ports, command.wallet_id, doing, Occasion(cause=event.event_id))
    found = _evaluated(command, ports, wallet.now)
    record = ports.events.get(key) or EventRecord(key)
    if record.event is not None:
        return Recorded(found.evaluation, _lots(ports, wallet, key), wallet.close(), (), recorded_before=True)
    _require_spend(wallet, event)
    record = EventRecord(
        key, event, found.revision, known_of(event.items, record.refunded).refunded, record.version + 1
    )
    ports.events.put(record)
    for each in found.evaluation.earnings:
        _post(each, record, wallet, ports, doing)
    completed = advance_tasks(wallet, event, command.held or Held(), ports, doing)
    if record.refunded:
        settle(record, wallet, ports, doing, Occasion(event.event_id, event.event_id))
    return Recorded(found.evaluation, _lots(ports, wallet, key), wallet.close(), completed)


def _evaluated(command: RecordEvent, ports: HoneyPorts, now: Instant) -> Evaluated:
    """By the rules that were in force when the member ordered: what was promised then holds.

    Tasks are those of now: a version never changes.
    """
    event, key = command.event, command.key
    at = event.occurred if event.ordered is None else event.ordered
    revision, programme = ports.programmes.quoted(key.programme_id, at)
    tasks = tasks_of(ports.programmes.get(key.programme_id).tasks, event)
    if command.held is None and ask_for_holders(tasks):
        raise HoldersUnknown
    standing = standing_of(ports, command.wallet_id, key, event, programme.all_scenes, command.held)

    def credit_of(merchant_id: str) -> int:
        merchant = wallet_id_of(key.programme_id, Owner(MERCHANT, merchant_id))
        return ports.wallets.get(merchant).balance(Account.CREDIT)

    evaluation = evaluate(programme.all_scenes, event, standing, now)
    return Evaluated(revision, affordable(evaluation, credit_of))


def _post(each: Earning, record: EventRecord, wallet: Wallet, ports: HoneyPorts, doing: Doing) -> None:
    """One rule's points: a lot, at the cost of whoever pays, and what caps count of it."""
    assert record.event, "only what is recorded is posted"
    rule, event, key = each.basis.rule, record.event, record.key
    occasion = Occasion(earning_id(key, rule.rule_id), event.event_id, event.occurred)
    wallet.turn_to(occasion)
    if rule.merchant_id:
        Merchant(ports, key.programme_id, rule.merchant_id, doing, occasion).grant(each.points)
    lot = Lot(
        lot_id=occasion.transaction_id,
        wallet_id=wallet.wallet_id,
        earned=each.points,
        active_from=each.active_from,
        expires=each.expires,
        sliding=sliding_of(rule.expiry),
        funding=rule.merchant_id,
        priority=rule.priority,
        cause=event.event_id,
    )
    earning.earn(wallet, lot)
    for taking in each.takings:
        counter = counter_key(key.programme_id, event.member_id, taking.counter)
        ports.counters.add(counter, taking.points, taking.most)
    ports.rule_earnings.add(
        RuleEarning(
            lot_id=lot.lot_id,
            key=key,
            wallet_id=wallet.wallet_id,
            rule_id=rule.rule_id,
            revision=record.revision,
            factor=each.basis.factor,
            room=each.basis.room,
            takings=each.takings,
            occurred=event.occurred,
        )
    )


def _require_spend(wallet: Wallet, event: Event) -> None:
    """That what was spent is what the items say: shares of it come back when they are refunded."""
    if not event.spend_id:
        return
    spent = wallet.spend(event.spend_id)
    if spent is None:
        raise refusals.transaction_not_found(event.spend_id)
    if spent.points != event.spent:
        description = f"the items say {event.spent}, the spend has {spent.points}"
        raise Invalid([FieldViolation("event.items", "NOT_WHAT_WAS_SPENT", description)])


def _lots(ports: HoneyPorts, wallet: Wallet, key: EventKey) -> list[Lot]:
    return [wallet.own_lot(each.lot_id) for each in ports.rule_earnings.of_event(key)]
