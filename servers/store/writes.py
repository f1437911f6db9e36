"""Writes: concurrent commands share one transaction, and each keeps its own answer.

This is group commit. Commands that arrive while a transaction runs gather for the next one; a command
that is refused leaves nothing, and its refusal is stored beside the answers of the others. A lost race
runs the whole group again.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from google.protobuf.message import Message
from sqlalchemy import Connection, Table

from domain.shared.doing import Doing
from domain.shared.errors import DomainError, Raced
from domain.shared.instants import Instant
from servers.mesh.batching import Coalescer
from servers.mesh.clock import Clock
from servers.store.asked import actor, asked
from servers.store.grouping import Grouped
from servers.store.idempotency import Answer, Idempotency, Key, Stored, reused
from servers.store.store import Store

MAX_GROUP = 64
"""Commands in one transaction: more would make every one of them wait for the last."""
MAX_WAITING = 4_096
"""Commands that wait; beyond that callers are told to come back."""


class Unit(Protocol):
    """One service's ports over one connection, for a group of commands."""

    ports: Any

    def prefetch(self, commands: Sequence[Any]) -> None:
        """Read what the commands will ask for, in few queries."""

    def keep(self) -> None:
        """The command succeeded."""

    def drop(self) -> None:
        """The command was refused: it leaves nothing."""

    def confirm(self) -> None:
        """Raises Raced if what was read may not have been there at one moment."""

    def flush(self) -> None:
        """Write what was kept. Raises Raced if another writer was first anywhere."""


U = TypeVar("U", bound=Unit)
R = TypeVar("R")


@dataclass(frozen=True)
class Write:
    """One command on its way to the database. Without a key it has no request id: a job's own."""

    use_case: Callable[..., Any]
    command: Any
    actor: str
    method: str
    body_hash: bytes
    key: Key | None
    answer: Callable[[Any, Instant], bytes]
    """The response's bytes from the use case's result and the instant of the transaction."""
    reason: str = ""


def write_of(
    request: Any,
    use_case: Callable[..., R],
    command: Any,
    answer: Callable[[R, Instant], Message],
    method: str = "",
) -> Write:
    """The write that the present RPC asks for with its request, or with one of many, see `asked`."""
    key, method, hashed = asked(request, method)
    return Write(
        use_case=use_case,
        command=command,
        actor=actor(),
        method=method,
        body_hash=hashed,
        key=key,
        answer=lambda result, now: answer(result, now).SerializeToString(deterministic=True),
        # Beside the request id, so that no method can forget to record what it asked for.
        reason=getattr(request, "reason", ""),
    )


class Writes(Generic[U]):
    """Runs commands in groups. Await it with a `Write`: the answer's bytes, or the refusal raised."""

    def __init__(
        self,
        service: str,
        store: Store,
        unit_of: Callable[[Connection], U],
        answers: Table,
        clock: Clock,
        *,
        written: Callable[[U], None] = lambda unit: None,
        around: Callable[[], AbstractContextManager[None]] = nullcontext,
        in_flight: int = 1,
    ) -> None:
        """`written` hears of each group after its commit; `around` is entered around each command.

        `in_flight` groups run at once: more than one is for commands that have nothing in common.
        """
        self._store = store
        self._unit_of = unit_of
        self._written = written
        self._around = around
        self._clock = clock
        self._idempotency = Idempotency(answers)
        # Commands without a request id are jobs: run again, they find by themselves that nothing is due.
        grouped: Grouped[Write, bytes] = Grouped(service, self._transact)
        self._coalescer: Coalescer[Write, bytes] = Coalescer(
            grouped, max_size=MAX_GROUP, max_waiting=MAX_WAITING, in_flight=in_flight
        )

    async def __call__(self, write: Write) -> bytes:
        return await self._coalescer(write)

    async def drain(self) -> None:
        """Returns when every write has its answer."""
        await self._coalescer.drain()

    async def _transact(self, writes: Sequence[Write]) -> Sequence[bytes | Exception]:
        outcomes, unit = await self._store.transact(self._run_group, writes)
        self._written(unit)
        return outcomes

    def _run_group(
        self, connection: Connection, writes: Sequence[Write]
    ) -> tuple[Sequence[bytes | Exception], U]:
        unit = self._unit_of(connection)
        group = _Group(unit, self._clock.now(), self._around)
        stored = self._idempotency.lookup(connection, [write.key for write in writes if write.key])
        unit.prefetch([write.command for write in writes if write.key not in stored])
        outcomes = _outcomes(unit, group, writes, stored)
        self._idempotency.store(connection, group.answers)
        unit.flush()
        return outcomes, unit


def _outcomes(
    unit: Unit, group: "_Group", writes: Sequence[Write], stored: dict[Key, Stored]
) -> Sequence[bytes | Exception]:
    """A refusal, or a bug, counts only if it does not come from rows of different moments."""
    try:
        outcomes = [group.run(write, stored) for write in writes]
    except Exception:
        unit.confirm()
        raise
    if group.has_refused:
        unit.confirm()
    return outcomes


class _Group:
    """One transaction's commands, one after the other."""

    def __init__(self, unit: Unit, now: Instant, around: Callable[[], AbstractContextManager[None]]) -> None:
        self.answers: list[Answer] = []
        self.has_refused = False
        self._unit = unit
        self._now = now
        self._around = around
        self._mine: dict[Key, Answer] = {}

    def run(self, write: Write, stored: dict[Key, Stored]) -> bytes | Exception:
        if write.key and (known := stored.get(write.key) or self._mine.get(write.key)):
            return _replayed(known, write)
        request_id = write.key.request_id if write.key else ""
        doing = Doing(write.actor, request_id, self._now, write.reason)
        try:
            with self._around():
                result = write.use_case(write.command, self._unit.ports, doing)
                response = write.answer(result, self._now)
        except DomainError as refusal:
            self._unit.drop()
            self.has_refused = True
            if isinstance(refusal, Raced) and refusal.reason == "TRANSACTION_RACED":
                raise
            if refusal.permanent:
                self._note(write, b"", refusal)
            return refusal
        self._unit.keep()
        self._note(write, response)
        return response

    def _note(self, write: Write, response: bytes, refusal: DomainError | None = None) -> None:
        if write.key:
            answer = Answer(write.key, write.method, write.body_hash, response, self._now, refusal)
            self.answers.append(answer)
            self._mine[write.key] = answer


def _replayed(known: Stored | Answer, write: Write) -> bytes | Exception:
    assert write.key is not None, "only writes with a key are replayed"
    if known.body_hash != write.body_hash:
        return reused(write.key)
    return known.refusal if known.refusal is not None else known.response
