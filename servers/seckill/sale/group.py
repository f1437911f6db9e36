"""One group of commands of one activity, in one transaction: read, decide, write.

Everything hangs on the activity's version: it is read first and moved on before anything else is written,
so that whatever was read in between is as it was at that version. A group that lost the race begins again,
and then holds the activity's row while it reads: nobody loses twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from domain.seckill import refusals
from domain.seckill.book import Book, Changes
from domain.seckill.commands import Command
from domain.seckill.done import Done
from domain.seckill.needs import needs_of
from domain.seckill.sale import decide
from domain.shared.errors import DomainError, Raced
from servers.mesh.clock import Clock
from servers.seckill.sale.telling import Cause, outbox_events, stock_events
from servers.seckill.sql.activities import Read, confirm, move_on, read_activity
from servers.seckill.sql.members import units_of, write_units
from servers.seckill.sql.orders import orders_by_id, orders_by_request, write_orders
from servers.seckill.sql.payments import payments_by_id, write_payments
from servers.seckill.sql.tables import common
from servers.store.asked import Asked
from servers.store.event import Event
from servers.store.idempotency import Answer, Idempotency, Key, Stored, reused
from servers.store.outbox import Outbox

_OUTBOX = Outbox(common.outbox)
_ANSWERS = Idempotency(common.idempotency)


@dataclass(frozen=True, slots=True)
class Kept:
    """How the answer to a command is kept for its request id."""

    asked: Asked
    answer: Callable[[Done], bytes]


@dataclass(frozen=True, slots=True)
class Work:
    """One command on its way to the database."""

    activity_id: str
    command: Command
    cause: Cause
    kept: Kept | None = None
    """None: the command finds by itself what it did before."""
    stamp: int = 0
    """Of the gate's claim that stands behind a reservation; 0 if it is not known."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a command that was not refused."""

    done: Done | None
    """None if only the answer to an earlier call is known."""
    response: bytes = b""
    """Of a command with a kept answer."""

    @property
    def changed(self) -> bool:
        """Whether this very command changed something."""
        return self.done is not None and not self.done.is_repeat


Result = Decided | Exception


@dataclass
class Group:
    """A group, and how its runs went: it may be run several times."""

    works: Sequence[Work]
    lost_races: int = 0
    told: Sequence[str] = ()
    """Types of the events that its last run told."""

    @property
    def activity_id(self) -> str:
        """All of them are of one activity."""
        return self.works[0].activity_id


def run_group(connection: Connection, group: Group, clock: Clock) -> list[Result]:
    """Decide the commands in their order and write what they change. Raises Raced: run it again."""
    try:
        return _run(connection, group, clock)
    except Raced:
        group.lost_races += 1
        raise


def _run(connection: Connection, group: Group, clock: Clock) -> list[Result]:
    read = read_activity(connection, group.activity_id, clock, lock=group.lost_races > 0)
    if read is None:
        return [refusals.activity_not_found(group.activity_id) for _ in group.works]
    stored = _ANSWERS.lookup(connection, [one.kept.asked.key for one in group.works if one.kept])
    fresh = [one.command for one in group.works if not (one.kept and one.kept.asked.key in stored)]
    book, units = _book(connection, read, fresh)
    record = _Record(book, stored)
    results = [record.take(one) for one in group.works]
    group.told = _write(connection, read, units, record)
    return results


def _book(connection: Connection, read: Read, commands: Sequence[Command]) -> tuple[Book, Mapping[str, int]]:
    """The book, and the units that have a row."""
    needs = needs_of(commands)
    orders = orders_by_request(connection, read.activity.activity_id, list(needs.requests))
    orders += orders_by_id(connection, read.activity.activity_id, list(needs.order_ids))
    needs = needs.and_of(orders)
    units = units_of(connection, read.activity.activity_id, list(needs.member_ids))
    payments = payments_by_id(connection, list(needs.payment_ids))
    return Book(read.activity, read.standing.taken, orders, units, payments, read.standing.read), units


def _write(connection: Connection, read: Read, units: Mapping[str, int], record: "_Record") -> Sequence[str]:
    """The types of the events that are told."""
    changes, activity, events = record.book.changes, read.activity, list[Event]()
    if changes.new_orders or changes.moved_orders or changes.new_payments or changes.moved_payments:
        move_on(connection, read, changes.taken, len(changes.stock_events))
        write_orders(connection, changes.new_orders, changes.moved_orders)
        limit = activity.settings.member_limit
        write_units(connection, activity.activity_id, units, changes.units, limit)
        write_payments(connection, changes.new_payments, changes.moved_payments)
        events = _events(read, record, changes)
        _OUTBOX.append(connection, events)
    else:
        # Nothing is written, so nothing else would show that what was read is of one moment.
        confirm(connection, read)
    _ANSWERS.store(connection, record.answers)
    return [event.type for event in events]


def _events(read: Read, record: "_Record", changes: Changes) -> list[Event]:
    now = record.book.now
    events = outbox_events(changes.events, record.causes, now)
    if changes.stock_events:
        # What all of them did to the stock is put down to the last of them.
        last = next(reversed(record.causes.values()))
        events += stock_events(changes.stock_events, read.moves, last, now)
    return events


class _Record:
    """The commands of a group, one after the other, and what is to be kept of their answers."""

    def __init__(self, book: Book, stored: Mapping[Key, Stored]) -> None:
        self.book = book
        self.answers: list[Answer] = []
        self.causes: dict[str, Cause] = {}
        """Who changed which order last."""
        self._known: dict[Key, Stored | Answer] = dict(stored)

    def take(self, work: Work) -> Result:
        kept = work.kept
        if kept and (known := self._known.get(kept.asked.key)):
            return _replayed(known, kept.asked)
        outcome = decide(work.command, self.book)
        if isinstance(outcome, DomainError):
            if kept and outcome.permanent:
                self._keep(kept.asked, b"", outcome)
            return outcome
        if not outcome.is_repeat:
            self.causes[outcome.order.order_id] = work.cause
        response = kept.answer(outcome) if kept else b""
        if kept:
            self._keep(kept.asked, response)
        return Decided(outcome, response)

    def _keep(self, asked: Asked, response: bytes, refusal: DomainError | None = None) -> None:
        answer = Answer(asked.key, asked.method, asked.body_hash, response, self.book.now, refusal)
        self.answers.append(answer)
        self._known[asked.key] = answer


def _replayed(known: Stored | Answer, asked: Asked) -> Result:
    if known.body_hash != asked.body_hash:
        return reused(asked.key)
    return known.refusal if known.refusal is not None else Decided(None, known.response)
