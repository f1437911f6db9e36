"""Honey's ports in memory: what a command that is refused has put is dropped."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from domain.honey import refusals
from domain.honey.event_records import CounterKey, EventKey, EventRecord, RuleEarning
from domain.honey.holds import Hold
from domain.honey.ladders import Ladder
from domain.honey.lots import Lot, burn_key
from domain.honey.ports import HoneyPorts, Notice, Quoted
from domain.honey.programme import Programme
from domain.honey.qualifying import Movement
from domain.honey.rules import Rules
from domain.honey.spends import Spend
from domain.honey.tasks import Progress, ProgressKey, TaskEvent
from domain.honey.transactions import ACTIVITIES, Transaction
from domain.honey.wallets import Standing
from domain.shared.doing import Doing
from domain.shared.errors import DomainError, Raced
from domain.shared.instants import EARLIEST, Instant

C = TypeVar("C")
R = TypeVar("R")


class MemoryProgrammes:
    def __init__(self, programme: Programme) -> None:
        self.rules = Rules(1, {programme.programme_id: programme})

    def get(self, programme_id: str) -> Programme:
        if programme_id not in self.rules.programmes:
            raise refusals.programme_not_found(programme_id)
        return self.rules.programmes[programme_id]

    def latest(self) -> Rules | None:
        return self.rules

    def quoted(self, programme_id: str, at: Instant) -> Quoted:
        return Quoted(self.rules.revision, self.get(programme_id))

    def of(self, revision: int, programme_id: str) -> Programme:
        assert revision == self.rules.revision, "rules do not change here"
        return self.get(programme_id)

    def ladders(self, programme_id: str) -> Sequence[Ladder]:
        tiers = self.get(programme_id).tiers
        return [Ladder(EARLIEST, tiers)] if tiers else []

    def add(self, rules: Rules, doing: Doing) -> None:
        self.rules = rules


class MemoryWallets:
    def __init__(self) -> None:
        self.standings: dict[str, Standing] = {}
        self.transactions: list[Transaction] = []

    def get(self, wallet_id: str) -> Standing:
        return self.standings.get(wallet_id, Standing(wallet_id))

    def last_active(self, wallet_id: str, before: Instant) -> Instant | None:
        active = [each for each in self.transactions if each.kind in ACTIVITIES and each.effective < before]
        return max((each.effective for each in active if each.wallet_id == wallet_id), default=None)

    def append(self, before: Standing, transactions: Sequence[Transaction], after: Standing) -> None:
        assert self.get(before.wallet_id) == before
        self.standings[before.wallet_id] = after
        self.transactions += transactions


class MemoryLots:
    def __init__(self) -> None:
        self.rows: dict[str, Lot] = {}

    def get(self, lot_id: str) -> Lot | None:
        return self.rows.get(lot_id)

    def of(self, wallet_id: str) -> list[Lot]:
        return [lot for lot in self.rows.values() if lot.wallet_id == wallet_id]

    def burnable(self, wallet_id: str) -> Iterator[Lot]:
        return iter(sorted((lot for lot in self.of(wallet_id) if lot.active), key=burn_key))

    def due(self, wallet_id: str, now: Instant) -> Sequence[Lot]:
        return [lot for lot in self.of(wallet_id) if lot.due is not None and lot.due <= now]

    def owed(self, wallet_id: str) -> Sequence[Lot]:
        return [lot for lot in self.of(wallet_id) if lot.owed]

    def sliding(self, wallet_id: str) -> Sequence[Lot]:
        return [lot for lot in self.of(wallet_id) if lot.slides]

    def next_due(self, wallet_id: str, after: Instant) -> Instant | None:
        instants = [lot.due for lot in self.of(wallet_id) if lot.due is not None]
        return min((instant for instant in instants if instant > after), default=None)

    def expiring(self, wallet_id: str, first: Instant, until: Instant) -> Mapping[Instant, int]:
        found = Counter[Instant]()
        for lot in self.of(wallet_id):
            if lot.active and lot.expires is not None and first <= lot.expires < until:
                found[lot.expires] += lot.active
        return found

    def next_expiry(self, wallet_id: str, first: Instant) -> Instant | None:
        lots = [lot for lot in self.of(wallet_id) if lot.pending or lot.active]
        return min((lot.expires for lot in lots if lot.expires and lot.expires >= first), default=None)

    def put(self, lot: Lot) -> None:
        self.rows[lot.lot_id] = lot


class MemoryHolds:
    def __init__(self) -> None:
        self.rows: dict[str, Hold] = {}

    def get(self, hold_id: str) -> Hold | None:
        return self.rows.get(hold_id)

    def open(self, wallet_id: str) -> Sequence[Hold]:
        return [hold for hold in self.rows.values() if hold.wallet_id == wallet_id and hold.is_open]

    def put(self, hold: Hold) -> None:
        self.rows[hold.hold_id] = hold


class MemorySpends:
    def __init__(self) -> None:
        self.rows: dict[str, Spend] = {}

    def get(self, transaction_id: str) -> Spend | None:
        return self.rows.get(transaction_id)

    def put(self, spend: Spend) -> None:
        self.rows[spend.transaction_id] = spend


class MemoryEvents:
    def __init__(self) -> None:
        self.rows: dict[EventKey, EventRecord] = {}

    def get(self, key: EventKey) -> EventRecord | None:
        return self.rows.get(key)

    def put(self, record: EventRecord) -> None:
        before = self.rows.get(record.key)
        assert record.version == (before.version if before else 0) + 1
        self.rows[record.key] = record


class MemoryRuleEarnings:
    def __init__(self) -> None:
        self.rows: dict[str, RuleEarning] = {}

    def of_event(self, key: EventKey) -> Sequence[RuleEarning]:
        return [each for each in self.rows.values() if each.key == key]

    def of_lot(self, lot_id: str) -> RuleEarning | None:
        return self.rows.get(lot_id)

    def instants(self, wallet_id: str, rule_id: str, first: Instant, last: Instant) -> Sequence[Instant]:
        of_rule = [row for row in self.rows.values() if (row.wallet_id, row.rule_id) == (wallet_id, rule_id)]
        return [each.occurred for each in of_rule if first <= each.occurred <= last]

    def add(self, earning: RuleEarning) -> None:
        assert earning.lot_id not in self.rows
        self.rows[earning.lot_id] = earning


class MemoryCounters:
    def __init__(self) -> None:
        self.rows: dict[CounterKey, int] = {}

    def get(self, key: CounterKey) -> int:
        return self.rows.get(key, 0)

    def add(self, key: CounterKey, points: int, most: int | None = None) -> None:
        used = self.get(key) + points
        if most is not None and used > most:
            raise Raced("TRANSACTION_RACED", "there is no room")
        assert used >= 0
        self.rows[key] = used


class MemoryTaskProgress:
    def __init__(self) -> None:
        self.rows: dict[ProgressKey, Progress] = {}

    def get(self, key: ProgressKey) -> Progress | None:
        return self.rows.get(key)

    def put(self, progress: Progress, events: Sequence[TaskEvent], doing: Doing) -> None:
        before = self.rows.get(progress.key)
        assert progress.told == (before.told if before else 0) + len(events)
        self.rows[progress.key] = progress


class MemoryMovements:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], tuple[str, Movement]] = {}

    def of(self, wallet_id: str) -> Sequence[Movement]:
        return [movement for (whose, _), (_, movement) in self.rows.items() if whose == wallet_id]

    def of_lot(self, lot_id: str) -> Movement | None:
        earned = [row for which, row in self.rows.values() if which == lot_id and row.points > 0]
        return next(iter(earned), None)

    def add(self, standing: Standing, lot_id: str, movement: Movement) -> None:
        assert (standing.wallet_id, standing.version) not in self.rows
        self.rows[standing.wallet_id, standing.version] = lot_id, movement


class MemoryNotices:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Notice] = {}

    def tell(self, standing: Standing, events: Sequence[Notice], doing: Doing) -> None:
        for seq, event in enumerate(events, start=standing.watch.told + 1):
            assert (standing.wallet_id, seq) not in self.rows
            self.rows[standing.wallet_id, seq] = event


class Ledger:
    """All of Honey in memory."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.wallets, self.lots = MemoryWallets(), MemoryLots()
        self.holds, self.spends = MemoryHolds(), MemorySpends()
        self.events, self.rule_earnings = MemoryEvents(), MemoryRuleEarnings()
        self.counters, self.task_progress = MemoryCounters(), MemoryTaskProgress()
        self.movements, self.notices = MemoryMovements(), MemoryNotices()
        self.ports = HoneyPorts(
            MemoryProgrammes(programme),
            self.wallets,
            self.lots,
            self.holds,
            self.spends,
            self.events,
            self.rule_earnings,
            self.counters,
            self.task_progress,
            self.movements,
            self.notices,
        )

    def run(self, use_case: Callable[[C, HoneyPorts, Doing], R], command: C, now: Instant) -> R:
        """What the use case returns. Raises DomainError; then nothing has happened."""
        tables: list[Any] = [self.lots, self.holds, self.spends]
        tables += [self.events, self.rule_earnings, self.counters, self.task_progress]
        tables += [self.movements, self.notices]
        before = [table.rows.copy() for table in tables]
        standings, transactions = self.wallets.standings.copy(), self.wallets.transactions.copy()
        try:
            return use_case(command, self.ports, Doing("a test", "r1", now))
        except DomainError:
            for table, rows in zip(tables, before, strict=True):
                table.rows = rows
            self.wallets.standings, self.wallets.transactions = standings, transactions
            raise

    def told(self) -> list[Transaction]:
        """The transactions without what depends on when they were written down."""
        return [replace(each, recorded=0, link=b"") for each in self.wallets.transactions]
