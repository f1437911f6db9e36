"""What the use cases of Identity need. All ports of one use case see one transaction.

None promises that another writer was not first: a lost race shows as Raced, from a port or when the
transaction commits, and then nothing was written and the whole use case may run again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.identity.cards import Card, CardBatch
from domain.identity.catalog import Catalog
from domain.identity.facts import Recorded
from domain.identity.layout import Layout
from domain.identity.orders import Order, RefundNotice
from domain.identity.terms import Cause
from domain.identity.timeline import Timeline
from domain.shared.instants import Instant


class Timelines(Protocol):
    """The timelines of all members."""

    def get(self, member_id: str) -> Timeline:
        """The folded timeline; an empty one for a member never seen."""

    def layout(self, timeline: Timeline) -> Layout:
        """The timeline laid out; cheap if it was asked for before."""

    def history(self, member_id: str) -> Sequence[Recorded]:
        """Every fact of a member, in sequence."""

    def append(self, before: Timeline, news: Sequence[Recorded], after: Timeline, layout: Layout) -> None:
        """Add facts that follow `before`, and renew the projections. Raced if it is not the last state."""


class Catalogs(Protocol):
    """All revisions of the catalogue."""

    def current(self, at: Instant) -> Catalog:
        """The revision in force. Raises NotFound (CATALOG_NOT_FOUND)."""

    def latest(self) -> Catalog | None:
        """The newest revision; None before the first."""

    def revision(self, number: int) -> Catalog:
        """One revision, which exists."""

    def highest_versions(self) -> dict[str, int]:
        """The highest version that each SKU ever had."""

    def add(self, catalog: Catalog, retired: Sequence[str], now: Instant) -> None:
        """Keep a new revision, in force from `now`. Raced if another was first."""


class Orders(Protocol):
    """Orders, and refunds that came before their payment."""

    def get(self, order_id: str) -> Order:
        """Raises NotFound (ORDER_NOT_FOUND)."""

    def save(self, order: Order) -> None:
        """Keep an order, new or changed."""

    def notices(self, order_id: str) -> Sequence[RefundNotice]:
        """Refunds that wait for the order's payment, oldest first."""

    def noticed(self, member_id: str, refund_id: str) -> RefundNotice | None:
        """The refund of this id that came before the payment of an order of this member, if one did."""

    def notice(self, notice: RefundNotice) -> None:
        """Keep a refund until its order is paid. The same refund id for the same order changes nothing.

        Raced if another writer uses the id for another order at this moment.
        """


class Claims(Protocol):
    """What can be used once: causes of terms, and trial families."""

    def given(self, cause: Cause) -> tuple[str, str] | None:
        """The member and term that a cause has given, if it has."""

    def give(self, cause: Cause, member_id: str, term_id: str) -> None:
        """Note that a cause gives a term. Raced if another writer uses it at this moment."""

    def trial_used(self, family: str, subjects: Sequence[str]) -> bool:
        """Whether the family was used by the member or any fingerprint."""

    def use_trial(self, family: str, subjects: Sequence[str], term_id: str) -> None:
        """Use it. Raced if another writer uses it at this moment."""

    def release_trial(self, term_id: str) -> None:
        """Let the family that a term used be used again."""

    def unite_trials(self, merged: str, survivor: str) -> None:
        """What one member used, the other has used too."""


class Cards(Protocol):
    """Physical cards, known by the hashes of their codes."""

    def add(self, batch: CardBatch, code_hashes: Sequence[bytes]) -> None:
        """Keep a new batch."""

    def batch(self, batch_id: str) -> CardBatch:
        """Raises NotFound (CARD_BATCH_NOT_FOUND)."""

    def find(self, code_hash: bytes) -> Card | None:
        """One card."""

    def spend(self, code_hash: bytes, member_id: str, term_id: str) -> None:
        """Mark a fresh card as redeemed. Raced if another writer was first."""

    def void(self, batch_id: str, code_hashes: Sequence[bytes], reason: str) -> tuple[int, int]:
        """Void a batch or single cards: how many are newly void, how many were redeemed before."""


@dataclass(frozen=True)
class IdentityPorts:
    """Everything that a use case of Identity may touch."""

    timelines: Timelines
    catalogs: Catalogs
    orders: Orders
    claims: Claims
    cards: Cards
