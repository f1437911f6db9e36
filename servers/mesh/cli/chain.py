"""A verifier of a wallet's chain that shares nothing with the servers: it knows the contract alone."""

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from nectary.honey.v1 import honey_pb2

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Chain:
    """Takes the transactions of one wallet in order, from the first."""

    def __init__(self, kept: bytes = b"") -> None:
        """`kept` is a link that somebody noted before; empty: none was."""
        self.seq = 0
        """Of the last that was taken and is as it must be."""
        self.link = bytes(32)
        self._kept = kept
        self._seen = not kept
        self._broken = 0
        self._balances: Counter[str] = Counter()

    @property
    def is_intact(self) -> bool:
        """Whether all that was taken is as it must be."""
        return not self._broken

    def take(self, wallet_id: str, transaction: honey_pb2.Transaction) -> None:
        """The next one; nothing more is taken after one that is not as it must be."""
        if self._broken:
            return
        told = _told(wallet_id, transaction)
        for account, points, _ in told["entries"]:
            self._balances[account] += points
        balances = {account: points for account, points in self._balances.items() if points}
        canonical = json.dumps(told, sort_keys=True, separators=(",", ":")).encode("ascii")
        link = hashlib.sha256(self.link + canonical).digest()
        balanced = sum(points for _, points, _ in told["entries"]) == 0 and told["balances"] == balances
        if not balanced or transaction.seq != self.seq + 1 or transaction.link != link:
            self._broken = self.seq + 1
            return
        self.seq, self.link = transaction.seq, link
        self._seen = self._seen or link == self._kept

    def verdict(self) -> str:
        """What is wrong, or nothing."""
        if self._broken:
            return f"transaction {self._broken} is not as it must be"
        return "" if self._seen else "the link that was kept is none of this chain: the past was changed"


def _told(wallet_id: str, transaction: honey_pb2.Transaction) -> dict[str, Any]:
    """What is hashed: see VerifyStatement."""
    return {
        "wallet_id": wallet_id,
        "seq": transaction.seq,
        "kind": _name(honey_pb2.TransactionKind, transaction.kind),
        "entries": [
            [_name(honey_pb2.Account, entry.account), entry.points, entry.lot_id]
            for entry in transaction.entries
        ],
        "effective_time": _micros(transaction.effective_time),
        "recorded_time": _micros(transaction.record_time),
        "transaction_id": transaction.transaction_id,
        "actor": transaction.actor,
        "cause": transaction.cause,
        "reason": transaction.reason,
        "balances": {_name(honey_pb2.Account, one.account): one.points for one in transaction.balances},
    }


def _name(kind: Any, value: int) -> str:
    name: str = kind.Name(value)
    return name.removeprefix(kind.Name(0).removesuffix("UNSPECIFIED"))


def _micros(stamp: "Timestamp") -> int:
    return (stamp.ToDatetime(UTC) - _EPOCH) // timedelta(microseconds=1)
