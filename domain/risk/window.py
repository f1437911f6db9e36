"""The window of one subject under one limit, in whichever form holds it, and how it follows its limit.

A limit may change while subjects are being counted: units, window, buckets. What was counted is never
forgotten. It is put into the form that the new limit wants, each unit at the latest instant at which it
can have been admitted, so that it leaves late rather than early.
"""

from collections.abc import Iterable
from typing import TypeAlias

from domain.risk.buckets import Buckets
from domain.risk.limit import EXACT_UNITS, Limit
from domain.risk.stamps import Stamps

Window: TypeAlias = Stamps | Buckets

EMPTY = Stamps()
"""The window of a subject that was not seen lately."""


def fitted(window: Window, limit: Limit) -> Window:
    """The window in the form of its limit; the same object if it has it."""
    if isinstance(window, Stamps):
        fits = not window.stamps or (limit.is_exact and len(window.stamps) <= EXACT_UNITS)
    else:
        counted_alike = window.width_ms == limit.bucket_ms and len(window.counts) == limit.buckets + 1
        fits = counted_alike and not (limit.is_exact and sum(window.counts) <= EXACT_UNITS)
    return window if fits else built(limit, window.entries())


def spent(window: Window, limit: Limit, units: int, now: int) -> Window:
    """With so many units more, admitted now, in the form of its limit."""
    found = fitted(window, limit)
    if isinstance(found, Stamps) and (units > EXACT_UNITS or not limit.is_exact):
        # Too many to be stamped one by one.
        live = [entry for entry in found.entries() if entry[0] > now - limit.window_ms]
        return built(limit, [*live, (max(now, live[-1][0]) if live else now, units)])
    return fitted(found.spent(limit, units, now), limit)


def merged(window: Window, limit: Limit, entries: Iterable[tuple[int, int]]) -> Window:
    """With what was counted elsewhere: (instant in milliseconds, units)."""
    return built(limit, sorted([*window.entries(), *entries]))


def built(limit: Limit, entries: Iterable[tuple[int, int]]) -> Window:
    """A window of (instant, units), in order of time.

    What is exact stays so while it is small. Else, what is older than the buckets reach back from the
    newest goes into the oldest: whether it has left is for the clock to say, which may be behind.
    """
    known = list(entries)
    if not known:
        return EMPTY
    if limit.is_exact and sum(units for _, units in known) <= EXACT_UNITS:
        return Stamps(tuple(at for at, units in known for _ in range(units)))
    newest = known[-1][0] // limit.bucket_ms
    counts = [0] * (limit.buckets + 1)
    for at, units in known:
        counts[min(newest - at // limit.bucket_ms, limit.buckets)] += units
    return Buckets(limit.bucket_ms, newest, tuple(counts))


def full(limit: Limit, now: int) -> Window:
    """What is assumed of a window that cannot be read: that all of it was used just now."""
    return built(limit, [(now, limit.units)] if limit.units else [])
