"""Identity's ports in memory: what a transaction would see, without a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.identity.cards import Card, CardBatch, CardState
from domain.identity.catalog import Catalog
from domain.identity.facts import Recorded, TermPlaced
from domain.identity.laying import flatten
from domain.identity.layout import Layout
from domain.identity.orders import Order, RefundNotice
from domain.identity.ports import IdentityPorts
from domain.identity.terms import Cause
from domain.identity.timeline import Timeline, fold
from domain.shared.errors import NotFound, Raced
from domain.shared.instants import Instant


class MemoryTimelines:
    def __init__(self) -> None:
        self.lines: dict[str, list[Recorded]] = {}

    def get(self, member_id: str) -> Timeline:
        return fold(Timeline(member_id), self.lines.get(member_id, []))

    def layout(self, timeline: Timeline) -> Layout:
        return flatten(timeline)

    def history(self, member_id: str) -> Sequence[Recorded]:
        return list(self.lines.get(member_id, []))

    def append(self, before: Timeline, news: Sequence[Recorded], after: Timeline, layout: Layout) -> None:
        lines = self.lines.setdefault(before.member_id, [])
        if len(lines) != before.sequence:
            raise Raced("TRANSACTION_RACED", "another writer was first")
        lines.extend(news)
        # Whoever hands a timeline on with its layout must not have changed one without the other.
        assert after == self.get(before.member_id)
        assert layout == flatten(after)


@dataclass
class MemoryCatalogs:
    revisions: list[Catalog] = field(default_factory=list)

    def current(self, at: Instant) -> Catalog:
        if not self.revisions:
            raise NotFound("CATALOG_NOT_FOUND", "no catalogue was applied")
        return self.revisions[-1]

    def latest(self) -> Catalog | None:
        return self.revisions[-1] if self.revisions else None

    def revision(self, number: int) -> Catalog:
        return next(catalog for catalog in self.revisions if catalog.revision == number)

    def highest_versions(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for catalog in self.revisions:
            for sku_id, version in catalog.versions.items():
                found[sku_id] = max(version, found.get(sku_id, 0))
        return found

    def add(self, catalog: Catalog, retired: Sequence[str], now: Instant) -> None:
        self.revisions.append(catalog)


class MemoryOrders:
    def __init__(self) -> None:
        self.rows: dict[str, Order] = {}
        self.waiting: list[RefundNotice] = []

    def get(self, order_id: str) -> Order:
        if order_id not in self.rows:
            raise NotFound("ORDER_NOT_FOUND", "no such order", order_id=order_id)
        return self.rows[order_id]

    def save(self, order: Order) -> None:
        self.rows[order.order_id] = order

    def notices(self, order_id: str) -> Sequence[RefundNotice]:
        return [notice for notice in self.waiting if notice.order_id == order_id]

    def noticed(self, member_id: str, refund_id: str) -> RefundNotice | None:
        asked = (member_id, refund_id)
        return next((known for known in self.waiting if (known.member_id, known.refund_id) == asked), None)

    def notice(self, notice: RefundNotice) -> None:
        if self.noticed(notice.member_id, notice.refund_id) is None:
            self.waiting.append(notice)


class MemoryClaims:
    def __init__(self, timelines: MemoryTimelines) -> None:
        self._timelines = timelines
        self.trials: dict[tuple[str, str], str] = {}

    def given(self, cause: Cause) -> tuple[str, str] | None:
        for member_id, lines in self._timelines.lines.items():
            for line in lines:
                if isinstance(line.fact, TermPlaced) and line.fact.term.cause == cause:
                    return member_id, line.fact.term.term_id
        return None

    def give(self, cause: Cause, member_id: str, term_id: str) -> None:
        """The term itself is the note."""

    def trial_used(self, family: str, subjects: Sequence[str]) -> bool:
        return any((family, subject) in self.trials for subject in subjects)

    def use_trial(self, family: str, subjects: Sequence[str], term_id: str) -> None:
        self.trials |= {(family, subject): term_id for subject in subjects}

    def release_trial(self, term_id: str) -> None:
        self.trials = {use: by for use, by in self.trials.items() if by != term_id}

    def unite_trials(self, merged: str, survivor: str) -> None:
        for (family, subject), term_id in list(self.trials.items()):
            if subject == f"m:{merged}":
                self.trials.setdefault((family, f"m:{survivor}"), term_id)


class MemoryCards:
    def __init__(self) -> None:
        self.batches: dict[str, CardBatch] = {}
        self.rows: dict[bytes, Card] = {}

    def add(self, batch: CardBatch, code_hashes: Sequence[bytes]) -> None:
        self.batches[batch.batch_id] = batch
        self.rows |= {code_hash: Card(batch.batch_id, CardState.FRESH) for code_hash in code_hashes}

    def batch(self, batch_id: str) -> CardBatch:
        return self.batches[batch_id]

    def find(self, code_hash: bytes) -> Card | None:
        return self.rows.get(code_hash)

    def spend(self, code_hash: bytes, member_id: str, term_id: str) -> None:
        batch_id = self.rows[code_hash].batch_id
        self.rows[code_hash] = Card(batch_id, CardState.REDEEMED, member_id, term_id)

    def void(self, batch_id: str, code_hashes: Sequence[bytes], reason: str) -> tuple[int, int]:
        chosen = [key for key, card in self.rows.items() if key in code_hashes or card.batch_id == batch_id]
        fresh = [key for key in chosen if self.rows[key].state is CardState.FRESH]
        redeemed = sum(self.rows[key].state is CardState.REDEEMED for key in chosen)
        for key in fresh:
            self.rows[key] = Card(self.rows[key].batch_id, CardState.VOID)
        return len(fresh), redeemed


@dataclass(frozen=True)
class Memory:
    """All ports, each with its own type for tests that look inside."""

    timelines: MemoryTimelines
    catalogs: MemoryCatalogs
    orders: MemoryOrders
    claims: MemoryClaims
    cards: MemoryCards

    @property
    def ports(self) -> IdentityPorts:
        return IdentityPorts(self.timelines, self.catalogs, self.orders, self.claims, self.cards)


def memory(catalogs: Mapping[str, Catalog] | Sequence[Catalog] = ()) -> Memory:
    """Empty ports, with some revisions of the catalogue."""
    timelines = MemoryTimelines()
    revisions = list(catalogs.values()) if isinstance(catalogs, Mapping) else list(catalogs)
    return Memory(
        timelines, MemoryCatalogs(revisions), MemoryOrders(), MemoryClaims(timelines), MemoryCards()
    )
