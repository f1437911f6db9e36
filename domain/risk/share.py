"""What part of a limit one replica may use while the replicas cannot ask each other.

Together they never have more than the limit, as long as all know of the same replicas.
"""

from collections.abc import Collection
from hashlib import blake2b

from domain.risk.limit import Limit


def share(limit: Limit, subject: bytes, replica: str, replicas: Collection[str]) -> int:
    """Units of one subject for one of the live replicas, who counts as live itself.

    Every replica has the same part of a limit, rounded down. Of one that has fewer units than there are
    replicas, as many replicas as it has units have one each: those that rank first for this subject.
    """
    everyone = {replica, *replicas}
    if limit.units >= len(everyone):
        return limit.units // len(everyone)
    ranked = sorted(everyone, key=lambda one: _rank(one, subject))
    return int(replica in ranked[: limit.units])


def _rank(replica: str, subject: bytes) -> bytes:
    # By the hash of both, a replica that comes or goes moves only the subjects that it had.
    return blake2b(replica.encode() + b"\0" + subject, digest_size=8).digest()
