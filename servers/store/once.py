"""Does what a request asks for once, and answers it again for as long as the answer is kept.

For writes that come seldom: one transaction each. Where they are many, they go in groups
(`servers/store/writes.py`).
"""

from collections.abc import Callable
from typing import TypeAlias

import structlog
from sqlalchemy import Connection, Table

from domain.shared.errors import DomainError, Raced, Unavailable
from domain.shared.instants import Instant
from servers.mesh.clock import Clock
from servers.store.faults import CommitUnknown
from servers.store.idempotency import Answer, Idempotency, Key
from servers.store.store import Store

Work: TypeAlias = Callable[[Connection, Instant], bytes]
"""(connection, now) → the answer's bytes. Whatever it wrote before it refuses is undone."""

_log = structlog.get_logger("nectary.store")


class Once:
    """One service's writes, each done once for each request id of a caller."""

    def __init__(self, store: Store, answers: Table, clock: Clock) -> None:
        self._store = store
        self._answers = Idempotency(answers)
        self._clock = clock

    async def __call__(self, key: Key, method: str, body_hash: bytes, work: Work) -> bytes:
        """The first answer's bytes, whatever has happened since.

        Raises what the work raised then or raises now; Invalid (IDEMPOTENCY_KEY_REUSED); and Raced if
        nobody can tell whether it was done: the same request id finds it.
        """
        try:
            outcome = await self._store.transact(self._run, key, method, body_hash, work)
        except CommitUnknown:
            _log.warning("commit_unknown", method=method)
            # The answer was written with the effect: run again, and what was committed is found.
            outcome = await self._resolved(key, method, body_hash, work)
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    async def _resolved(self, key: Key, method: str, body_hash: bytes, work: Work) -> bytes | DomainError:
        try:
            return await self._store.transact(self._run, key, method, body_hash, work)
        except (CommitUnknown, Raced, Unavailable) as error:
            message = "the outcome is not known yet: send the same request again"
            raise Raced("TRANSACTION_RACED", message) from error

    def _run(
        self, connection: Connection, key: Key, method: str, body_hash: bytes, work: Work
    ) -> bytes | DomainError:
        if stored := self._answers.lookup(connection, [key]).get(key):
            return stored.replay(key, body_hash)
        now = self._clock.now()
        try:
            with connection.begin_nested():
                response = work(connection, now)
        except DomainError as refusal:
            if refusal.permanent:
                self._answers.store(connection, [Answer(key, method, body_hash, b"", now, refusal)])
                # Returned, not raised: what is raised keeps nothing, and the refusal is to be kept.
                return refusal
            raise
        self._answers.store(connection, [Answer(key, method, body_hash, response, now)])
        return response
