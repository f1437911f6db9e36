"""Group commit: one transaction for many commands, and what becomes of each when it goes wrong."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog

from domain.shared.errors import DomainError, Raced, Unavailable
from servers.store.faults import CommitUnknown

K = TypeVar("K")
V = TypeVar("V")

_log = structlog.get_logger("nectary.store")


class Grouped(Generic[K, V]):
    """Commits a group, and lets nobody pay for another's trouble.

    `transact` commits the whole group and returns one result for each command; a result that is an
    exception is a refusal, which left nothing. Run twice with the same commands, it must find what the
    first run did.
    """

    def __init__(
        self, name: str, transact: Callable[[Sequence[K]], Awaitable[Sequence[V | Exception]]]
    ) -> None:
        """`name` is for the log."""
        self._name = name
        self._transact = transact

    async def __call__(self, group: Sequence[K]) -> Sequence[V | Exception]:
        """One result for each command.

        Raises what all of them share: Unavailable, and Raced, also if nobody can tell what was committed.
        """
        try:
            return await self._transact(group)
        except CommitUnknown:
            _log.warning("commit_unknown", group=self._name, commands=len(group))
            return await self._resolved(group)
        except DomainError:
            raise
        except Exception as error:
            if len(group) == 1:
                raise
            # One of them met a bug of ours: halved and halved again, it fails alone.
            _log.warning("group_broken", group=self._name, commands=len(group), error=repr(error))
            middle = len(group) // 2
            return [*await self._apart(group[:middle]), *await self._apart(group[middle:])]

    async def _apart(self, part: Sequence[K]) -> Sequence[V | Exception]:
        try:
            return await self(part)
        except Exception as error:
            return [error] * len(part)

    async def _resolved(self, group: Sequence[K]) -> Sequence[V | Exception]:
        try:
            return await self._transact(group)
        except (CommitUnknown, Raced, Unavailable) as error:
            # Nothing may be said of the outcome: the same request id finds it.
            message = "the outcome is not known yet: send the same request again"
            raise Raced("TRANSACTION_RACED", message) from error
