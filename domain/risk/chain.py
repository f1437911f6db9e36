"""The chain of a subject's transitions: each carries the hash of the one before.

Whoever alters, inserts, removes or swaps transitions breaks it; who cuts off the newest disagrees with the
entry, which knows the last hash.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from domain.risk.canonical import encoded
from domain.risk.suspects import Entry, Transition


def sealed(transition: Transition, previous_hash: str) -> Transition:
    """As the next link behind the transition with that hash; empty for the first."""
    open_link = replace(transition, previous_hash=previous_hash, hash="")
    return replace(open_link, hash=digest(open_link))


def digest(value: object) -> str:
    """SHA-256 of a value's canonical JSON, in hexadecimal: of evidence, of a transition without its hash."""
    return sha256(encoded(value).encode()).hexdigest()


def first_broken(transitions: Sequence[Transition], entry: Entry | None = None) -> int | None:
    """Version of the first transition that does not fit, of all that a subject has, in order; None if all do.

    With the entry, its version and hash must be those of the last one too; else the first version is told
    that one of them does not know.
    """
    previous = ""
    for version, one in enumerate(transitions, 1):
        if one.version != version or one != sealed(one, previous):
            return version
        if one.subject != transitions[0].subject:
            return version
        previous = one.hash
    if entry is None:
        return None
    if entry.version != len(transitions):
        return min(entry.version, len(transitions)) + 1
    return None if entry.last_hash == previous else entry.version
