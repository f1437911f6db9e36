"""Transactions of one wallet: numbered, balanced, and chained, so that none can be changed unnoticed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.honey.accounts import Account
from domain.shared.instants import Instant

GENESIS = bytes(32)
"""What the first transaction of a wallet is chained to."""

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False)

Balances = Mapping[Account, int]
"""Accounts with nothing are not mentioned."""


class Kind(StrEnum):
    """Why points moved."""

    EARNED = "EARNED"
    ACTIVATED = "ACTIVATED"
    HELD = "HELD"
    RELEASED = "RELEASED"
    TIMED_OUT = "TIMED_OUT"
    SPENT = "SPENT"
    RETURNED = "RETURNED"
    """A spend was undone."""
    REVERSED = "REVERSED"
    """An earning was undone."""
    EXPIRED = "EXPIRED"
    ADJUSTED = "ADJUSTED"
    """By an operator."""
    TRANSFERRED = "TRANSFERRED"
    CREDITED = "CREDITED"
    """A merchant bought points, or gave them back."""
    GRANTED = "GRANTED"
    """Members were granted points at a merchant's cost, or lost them again."""
    REDEEMED = "REDEEMED"
    """A merchant was paid in points, or paid them back."""
    REINSTATED = "REINSTATED"
    """Expired points were given back."""


ACTIVITIES = frozenset({Kind.EARNED, Kind.SPENT})
"""What shows that a member is active: not what operators do, what falls due, or what only sets aside."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One account of a transaction: so many points more, or fewer; of a lot, where a lot has them."""

    account: Account
    points: int
    lot_id: str = ""


@dataclass(frozen=True, slots=True)
class Transaction:
    """What happened at once in one wallet. Its entries add up to zero (HO-1)."""

    wallet_id: str
    seq: int
    """1, 2, 3 … in the wallet."""
    kind: Kind
    entries: tuple[Entry, ...]
    effective: Instant
    """When it fell due, or was asked for; never before that of the transaction before."""
    recorded: Instant
    transaction_id: str
    """What one command did has one id, in all wallets that it moved; empty for what fell due by itself."""
    actor: str
    cause: str
    """The order, event or other thing that it is about, as whoever asked names it; may be empty."""
    reason: str
    """In words; may be empty."""
    balances: Balances
    """After it."""
    link: bytes
    """32 bytes: of all of this, and the link of the transaction before."""


def chained(previous: bytes, transaction: Transaction) -> bytes:
    """The link of a transaction: SHA-256 of the previous link and the transaction as canonical JSON.

    Canonical: keys sorted, no blanks, ASCII; times in microseconds since 1970; accounts with nothing left
    out. Whoever has the transactions can check them without us.
    """
    told = {
        "wallet_id": transaction.wallet_id,
        "seq": transaction.seq,
        "kind": transaction.kind.value,
        "entries": [[entry.account.value, entry.points, entry.lot_id] for entry in transaction.entries],
        "effective_time": transaction.effective,
        "recorded_time": transaction.recorded,
        "transaction_id": transaction.transaction_id,
        "actor": transaction.actor,
        "cause": transaction.cause,
        "reason": transaction.reason,
        "balances": {account.value: points for account, points in transaction.balances.items()},
    }
    return hashlib.sha256(previous + _CANONICAL.encode(told).encode("ascii")).digest()
