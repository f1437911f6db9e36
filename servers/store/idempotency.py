"""One effect and one answer for each request id of each caller.

The answer is written in the transaction of its effect, so both are there or neither is. Two calls with
one request id at the same moment meet in the table's primary key: the second loses the race, runs again
and finds the first one's answer.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy.exc import IntegrityError

from domain.shared.errors import DomainError, FieldViolation, Invalid, Raced
from domain.shared.instants import DAY, Instant
from servers.store.faults import is_duplicate
from servers.store.keys import Among
from servers.store.refusals import decode_refusal, encode_refusal
from servers.store.rows import insert_rows

RETENTION = 30 * DAY
"""How long an answer is kept; after that the same request id is a new request."""


class Key(NamedTuple):
    """Whose request it is, and which."""

    caller: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What was answered: a response's bytes, or a permanent refusal."""

    method: str
    body_hash: bytes
    response: bytes
    refusal: DomainError | None
    recorded_time: Instant

    def replay(self, key: Key, body_hash: bytes) -> bytes:
        """The first answer again.

        Raises the stored refusal, or Invalid (IDEMPOTENCY_KEY_REUSED) if the body was another.
        """
        if self.body_hash != body_hash:
            raise reused(key)
        if self.refusal is not None:
            raise self.refusal
        return self.response


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to keep: `response`, or `refusal` with an empty response."""

    key: Key
    method: str
    body_hash: bytes
    response: bytes
    recorded_time: Instant
    refusal: DomainError | None = None


def body_hash(method: str, body: bytes) -> bytes:
    """SHA-256 of the method and the request's canonical bytes, its request id left out. 32 bytes."""
    return hashlib.sha256(method.encode() + b"\0" + body).digest()


def reused(key: Key) -> Invalid:
    """The refusal of a request id that came with another body."""
    description = "this request id was used with another body"
    return Invalid(
        [FieldViolation("request_id", "IDEMPOTENCY_KEY_REUSED", description)],
        "IDEMPOTENCY_KEY_REUSED",
        description,
        request_id=key.request_id,
    )


class Idempotency:
    """One service's answers."""

    def __init__(self, table: Table) -> None:
        self._table = table
        columns = table.c
        self._among = Among(columns.caller, columns.request_id, indexed=2)
        self._select = select(
            columns.caller,
            columns.request_id,
            columns.method,
            columns.body_hash,
            columns.response,
            columns.refusal,
            columns.recorded_time,
        ).where(self._among.condition)

    def lookup(self, connection: Connection, keys: Iterable[Key]) -> dict[Key, Stored]:
        """The answers there are to these keys, in one query; a key without one is absent."""
        wanted = set(keys)
        if not wanted:
            return {}
        found = {}
        for caller, request_id, method, hashed, response, refusal, recorded_time in connection.execute(
            self._select, self._among.these(wanted)
        ):
            error = None if refusal is None else decode_refusal(refusal)
            found[Key(caller, request_id)] = Stored(method, hashed, response, error, recorded_time)
        return found

    def store(self, connection: Connection, answers: Sequence[Answer]) -> None:
        """Keep the answers, in one statement.

        Raises Raced if one of the keys has an answer by now: look it up again. Raises ValueError for a
        refusal that is not permanent.
        """
        try:
            insert_rows(connection, self._table, [_row(answer) for answer in answers])
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("REQUEST_IN_PROGRESS", "another call is working on this request id") from error
            raise

    def purge(self, connection: Connection, now: Instant, limit: int) -> int:
        """Forget at most `limit` answers whose time is over; how many were forgotten."""
        columns = self._table.c
        expired = (
            select(columns.caller, columns.request_id)
            .where(columns.expires_time <= now)
            .order_by(columns.expires_time)
            .limit(limit)
        )
        keys = [Key(*row) for row in connection.execute(expired)]
        if not keys:
            return 0
        gone = delete(self._table).where(self._among.condition, columns.expires_time <= now)
        return connection.execute(gone, self._among.these(keys)).rowcount


def _row(answer: Answer) -> dict[str, object]:
    return {
        "caller": answer.key.caller,
        "request_id": answer.key.request_id,
        "method": answer.method,
        "body_hash": answer.body_hash,
        "response": answer.response,
        "refusal": None if answer.refusal is None else encode_refusal(answer.refusal),
        "recorded_time": answer.recorded_time,
        "expires_time": answer.recorded_time + RETENTION,
    }
