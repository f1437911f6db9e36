"""What the use cases of Honey need from the world. Implementations give each use case one transaction.

None promises that another writer was not first: a lost race shows as Raced, from a port or when the
transaction commits, and then nothing was written and the whole use case may run again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from domain.honey.event_records import CounterKey, EventKey, EventRecord, RuleEarning
from domain.honey.holds import Hold
from domain.honey.ladders import Ladder
from domain.honey.lots import Lot
from domain.honey.noticing import PointsExpiringSoon
from domain.honey.programme import Programme
from domain.honey.qualifying import Movement
from domain.honey.rules import Rules
from domain.honey.spends import Spend
from domain.honey.tasks import Progress, ProgressKey, TaskEvent
from domain.honey.tier_events import TierEvent
from domain.honey.transactions import Transaction
from domain.honey.wallets import Standing
from domain.shared.doing import Doing
from domain.shared.instants import Instant

Notice = TierEvent | PointsExpiringSoon
"""What a member is told."""


class Quoted(NamedTuple):
    """A programme, and the revision of the rules that says so."""

    revision: int
    programme: Programme


class Programmes(Protocol):
    """The programmes in force, and the rules that say so."""

    def get(self, programme_id: str) -> Programme:
        """Raises NotFound (PROGRAMME_NOT_FOUND)."""

    def latest(self) -> Rules | None:
        """The newest rules; None before the first."""

    def quoted(self, programme_id: str, at: Instant) -> Quoted:
        """As it was at an instant, or first, if it came later. Raises NotFound (PROGRAMME_NOT_FOUND)."""

    def of(self, revision: int, programme_id: str) -> Programme:
        """As a revision has it, which is known to."""

    def ladders(self, programme_id: str) -> Sequence[Ladder]:
        """The tiers of a programme, one after the other; none if it has none. Raises NotFound."""

    def add(self, rules: Rules, doing: Doing) -> None:
        """Keep new rules, in force from now on. Raced if others were applied at this moment."""


class Wallets(Protocol):
    """How wallets stand, and their transactions."""

    def get(self, wallet_id: str) -> Standing:
        """As good as new for a wallet never used."""

    def last_active(self, wallet_id: str, before: Instant) -> Instant | None:
        """The last instant before another at which the member was active (`ACTIVITIES`)."""

    def append(self, before: Standing, transactions: Sequence[Transaction], after: Standing) -> None:
        """Add transactions that follow `before`. Raced if it is not the last state."""


class Lots(Protocol):
    """The lots of all wallets. None reads more of a wallet's past than it says."""

    def get(self, lot_id: str) -> Lot | None:
        """One lot."""

    def burnable(self, wallet_id: str) -> Iterator[Lot]:
        """Those with active points, in burn order, read as far as they are asked for."""

    def due(self, wallet_id: str, now: Instant) -> Sequence[Lot]:
        """Those to which something happens by `now`."""

    def owed(self, wallet_id: str) -> Sequence[Lot]:
        """Those of which something is owed."""

    def sliding(self, wallet_id: str) -> Sequence[Lot]:
        """Those that slide and of which something is left."""

    def next_due(self, wallet_id: str, after: Instant) -> Instant | None:
        """No lot falls due after `after` and before this."""

    def expiring(self, wallet_id: str, first: Instant, until: Instant) -> Mapping[Instant, int]:
        """Active points by the instant at which they expire, from one on and before another."""

    def next_expiry(self, wallet_id: str, first: Instant) -> Instant | None:
        """When points of a wallet that are not spent yet expire next, from an instant on."""

    def put(self, lot: Lot) -> None:
        """Keep a lot, new or changed."""


class Holds(Protocol):
    """The holds of all wallets."""

    def get(self, hold_id: str) -> Hold | None:
        """One hold."""

    def open(self, wallet_id: str) -> Sequence[Hold]:
        """Those that are open."""

    def put(self, hold: Hold) -> None:
        """Keep a hold, new or changed."""


class Spends(Protocol):
    """What spends took, so that it can come back."""

    def get(self, transaction_id: str) -> Spend | None:
        """One spend."""

    def put(self, spend: Spend) -> None:
        """Keep a spend, new or changed."""


class Events(Protocol):
    """Earning events that were recorded, and the refunds of orders."""

    def get(self, key: EventKey) -> EventRecord | None:
        """What is kept of one."""

    def put(self, record: EventRecord) -> None:
        """Keep one, new or changed. Raced if it is not the next version."""


class RuleEarnings(Protocol):
    """What events earned, by rule."""

    def of_event(self, key: EventKey) -> Sequence[RuleEarning]:
        """By one event."""

    def of_lot(self, lot_id: str) -> RuleEarning | None:
        """The one that brought a lot; None if no event did."""

    def instants(self, wallet_id: str, rule_id: str, first: Instant, last: Instant) -> Sequence[Instant]:
        """When events happened, between two instants, by which a member earned by a rule."""

    def add(self, earning: RuleEarning) -> None:
        """Keep one."""


class Counters(Protocol):
    """How much of each cap is used."""

    def get(self, key: CounterKey) -> int:
        """0 for one that has counted nothing."""

    def add(self, key: CounterKey, points: int, most: int | None = None) -> None:
        """Count, or with a negative number give back. Raced if it would come to more than `most`."""


class TaskProgress(Protocol):
    """How far members are with tasks."""

    def get(self, key: ProgressKey) -> Progress | None:
        """Of one version, member and period."""

    def put(self, progress: Progress, events: Sequence[TaskEvent], doing: Doing) -> None:
        """Keep it, and tell of it. Raced if another writer was first."""


class Movements(Protocol):
    """Qualifying movements: by what members have their tiers."""

    def of(self, wallet_id: str) -> Sequence[Movement]:
        """All of a wallet."""

    def of_lot(self, lot_id: str) -> Movement | None:
        """Of the earning that brought a lot; None if it did not qualify."""

    def add(self, standing: Standing, lot_id: str, movement: Movement) -> None:
        """Keep one, with the wallet's last transaction."""


class Notices(Protocol):
    """What members are told beside transactions."""

    def tell(self, standing: Standing, events: Sequence[Notice], doing: Doing) -> None:
        """They follow what was told before. Raced if others were told meanwhile."""


@dataclass(frozen=True)
class HoneyPorts:
    """Everything that a use case of Honey may touch."""

    programmes: Programmes
    wallets: Wallets
    lots: Lots
    holds: Holds
    spends: Spends
    events: Events
    rule_earnings: RuleEarnings
    counters: Counters
    task_progress: TaskProgress
    movements: Movements
    notices: Notices
