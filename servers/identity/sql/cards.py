"""Physical cards. Rare next to purchases: written at once, row by row where that is plain."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, select, update

from domain.identity.cards import Card, CardBatch, CardState
from domain.shared.errors import NotFound, Raced
from servers.identity.sql.tables import card as cards
from servers.identity.sql.tables import card_batch
from servers.store.overlay import Overlay
from servers.store.rows import insert_rows

_SELECT_BATCHES = select(card_batch).where(card_batch.c.batch_id.in_(bindparam("ids", expanding=True)))
_SELECT_CARDS = select(
    cards.c.code_hash, cards.c.batch_id, cards.c.state, cards.c.member_id, cards.c.term_id
).where(cards.c.code_hash.in_(bindparam("hashes", expanding=True)))


class SqlCards:
    """The port `Cards` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.batches: Overlay[str, CardBatch] = Overlay(self._load_batches)
        self.rows: Overlay[bytes, Card] = Overlay(self._load_cards)

    def add(self, batch: CardBatch, code_hashes: Sequence[bytes]) -> None:
        self.batches.put(batch.batch_id, batch)
        for code_hash in code_hashes:
            self.rows.put(code_hash, Card(batch.batch_id, CardState.FRESH))

    def batch(self, batch_id: str) -> CardBatch:
        found = self.batches.get(batch_id)
        if found is None:
            raise NotFound("CARD_BATCH_NOT_FOUND", "there is no such batch", batch_id=batch_id)
        return found

    def find(self, code_hash: bytes) -> Card | None:
        return self.rows.get(code_hash)

    def spend(self, code_hash: bytes, member_id: str, term_id: str) -> None:
        known = self.rows.get(code_hash)
        if known is None or known.state is not CardState.FRESH:
            raise Raced("TRANSACTION_RACED", "another writer redeemed the card")
        self.rows.put(code_hash, Card(known.batch_id, CardState.REDEEMED, member_id, term_id))

    def void(self, batch_id: str, code_hashes: Sequence[bytes], reason: str) -> tuple[int, int]:
        of_these = cards.c.batch_id == batch_id if batch_id else cards.c.code_hash.in_(code_hashes)
        spent = self._just_spent(batch_id, code_hashes)
        fresh = (cards.c.state == CardState.FRESH.value) & cards.c.code_hash.not_in(spent)
        voided = self._connection.execute(
            update(cards).where(of_these, fresh).values(state=CardState.VOID.value, void_reason=reason)
        ).rowcount
        redeemed = self._connection.scalar(
            select(func.count()).where(of_these, cards.c.state == CardState.REDEEMED.value)
        )
        self.rows.forget()
        return voided, (redeemed or 0) + len(spent)

    def _just_spent(self, batch_id: str, code_hashes: Sequence[bytes]) -> list[bytes]:
        """Cards that earlier commands of this transaction redeemed: the database still calls them fresh."""
        return [
            code_hash
            for code_hash, card in self.rows.unwritten().items()
            if card.state is CardState.REDEEMED
            and (card.batch_id == batch_id if batch_id else code_hash in code_hashes)
        ]

    def flush(self) -> None:
        batches, changes = self.batches.changes(), self.rows.changes()
        new = [_batch_row(batch) for _, before, batch in batches if before is None]
        insert_rows(self._connection, card_batch, new)
        fresh = [_card_row(key, card) for key, before, card in changes if before is None]
        insert_rows(self._connection, cards, fresh)
        for code_hash, before, card in changes:
            if before is not None:
                self._spend_row(code_hash, card)

    def _spend_row(self, code_hash: bytes, card: Card) -> None:
        fresh = (cards.c.code_hash == code_hash) & (cards.c.state == CardState.FRESH.value)
        row = {key: value for key, value in _card_row(code_hash, card).items() if key != "code_hash"}
        if self._connection.execute(update(cards).where(fresh).values(row)).rowcount != 1:
            raise Raced("TRANSACTION_RACED", "another writer redeemed the card")

    def _load_batches(self, ids: Sequence[str]) -> Mapping[str, CardBatch]:
        return {
            row[0]: CardBatch(*row) for row in self._connection.execute(_SELECT_BATCHES, {"ids": list(ids)})
        }

    def _load_cards(self, hashes: Sequence[bytes]) -> Mapping[bytes, Card]:
        rows = self._connection.execute(_SELECT_CARDS, {"hashes": list(hashes)})
        return {
            code_hash: Card(batch_id, CardState(state), member_id, term_id)
            for code_hash, batch_id, state, member_id, term_id in rows
        }


def _batch_row(batch: CardBatch) -> dict[str, object]:
    return {
        "batch_id": batch.batch_id,
        "sku_id": batch.sku_id,
        "source": batch.source,
        "cards": batch.count,
        "opens_time": batch.opens,
        "closes_time": batch.closes,
    }


def _card_row(code_hash: bytes, card: Card) -> dict[str, object]:
    return {
        "code_hash": code_hash,
        "batch_id": card.batch_id,
        "state": card.state.value,
        "member_id": card.member_id,
        "term_id": card.term_id,
    }
