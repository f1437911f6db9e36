"""Names of windows in Redis, as bytes: short, bounded, and without a trace of whom they are about.

`rl:{shard}:rule:hash`: all windows of a subject lie in one shard, which a cluster keeps on one server,
so that the limits of a call about one member are decided by one script.
"""

from functools import lru_cache
from hashlib import blake2b

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_KEPT_NAMES = 50_000


class Keys:
    """Makes names for `shards` shards; every replica needs the same `secret` (16 to 64 bytes).

    Without the secret nobody can find out by trying which telephone number a name stands for.
    """

    def __init__(self, secret: bytes, shards: int = 1) -> None:
        if not 16 <= len(secret) <= 64:
            raise ValueError("the secret has 16 to 64 bytes")
        self.shards = shards
        self._secret = secret
        self.window = lru_cache(_KEPT_NAMES)(self._window)
        """(rule id, kind, subject) → shard and name of the window."""

    def _window(self, rule_id: int, kind: str, subject: str) -> tuple[int, bytes]:
        named = f"{kind}\0{subject}".encode()
        digest = int.from_bytes(blake2b(named, digest_size=8, key=self._secret).digest())
        shard = digest % self.shards
        return shard, f"rl:{{{shard}}}:{base36(rule_id)}:{base36(digest)}".encode()


def epoch_key(shard: int) -> bytes:
    """The name of what changes when a shard's windows were lost."""
    return b"rl:{%d}:epoch" % shard


def replicas_key(shard: int) -> bytes:
    """The name of the list of live replicas."""
    return b"rl:{%d}:replicas" % shard


def home_key(shard: int) -> bytes:
    """The name of what tells which server the epoch is of."""
    return b"rl:{%d}:home" % shard


def shard_of(window: bytes) -> int:
    """Where a window is, by its name."""
    return int(window[window.index(b"{") + 1 : window.index(b"}")])


def base36(number: int) -> str:
    """`number`, at least 0, in digits and lower-case letters."""
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text
