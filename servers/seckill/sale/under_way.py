"""Reservations of this process whose end is not known yet: it alone knows of them while the gate is away."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Request(NamedTuple):
    """What a reservation is known by."""

    activity_id: str
    member_id: str
    request_id: str


class UnderWay:
    """As many as callers wait for and groups commit; nothing is kept of those that have ended."""

    def __init__(self) -> None:
        self._counts: Counter[Request] = Counter()

    def __contains__(self, request: Request) -> bool:
        return request in self._counts

    @contextmanager
    def of(self, requests: Iterable[Request]) -> Iterator[None]:
        """They are under way while the block runs. The same one may be so twice: caller and group."""
        counted = list(requests)
        self._counts.update(counted)
        try:
            yield
        finally:
            self._counts.subtract(counted)
            for request in counted:
                if not self._counts[request]:
                    del self._counts[request]
