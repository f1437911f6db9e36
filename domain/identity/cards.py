"""Physical cards: codes that give a term once. Only hashes of codes are ever kept."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from domain.shared.errors import NotFound, Refused
from domain.shared.instants import Instant, to_datetime

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 characters that people do not mistake for each other: no 0, 1, I, O."""
CODE_LENGTH = 20
"""100 bits: guessing is hopeless, so a plain hash of a code is safe to keep."""


class CardState(StrEnum):
    """Where a card stands."""

    FRESH = "FRESH"
    REDEEMED = "REDEEMED"
    VOID = "VOID"


@dataclass(frozen=True, slots=True)
class CardBatch:
    """Cards that were made together."""

    batch_id: str
    sku_id: str
    source: str
    count: int
    opens: Instant
    closes: Instant


@dataclass(frozen=True, slots=True)
class Card:
    """One card."""

    batch_id: str
    state: CardState
    member_id: str = ""
    term_id: str = ""


def code_of(random_bytes: bytes) -> str:
    """A code of 20 letters and digits in groups of five, from at least 20 random bytes."""
    letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in random_bytes[:CODE_LENGTH])
    return "-".join(letters[start : start + 5] for start in range(0, CODE_LENGTH, 5))


def hash_of(code: str) -> bytes:
    """SHA-256 of a code as typed: case, spaces and dashes do not matter. 32 bytes."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).digest()


def require_redeemable(card: Card | None, batch: CardBatch | None, now: Instant) -> CardBatch:
    """The batch of a card that may be redeemed now.

    Raises NotFound (CARD_NOT_FOUND) for unknown, spent and void cards alike, and Refused
    (CARD_OUTSIDE_WINDOW).
    """
    if card is None or batch is None or card.state is not CardState.FRESH:
        raise NotFound("CARD_NOT_FOUND", "there is no such card to redeem")
    if not batch.opens <= now < batch.closes:
        raise Refused(
            "CARD_OUTSIDE_WINDOW",
            "the card cannot be redeemed at this time",
            opens_time=to_datetime(batch.opens).isoformat(),
            closes_time=to_datetime(batch.closes).isoformat(),
        )
    return batch
