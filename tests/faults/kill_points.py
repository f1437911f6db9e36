"""Kills the process that it runs in, with SIGKILL, at the step that a test wants; or stops it there.

A step is a moment at which the process touches the world: a statement before it is sent; COMMIT and a Redis
command before they are sent, when they are on their way, and after their answer. Nothing of ours is changed
for it: it listens in SQLAlchemy and in redis-py.

A file says what is wanted: a pattern, and a number. Counting begins with the first step that the pattern
fits, and at that number the process dies. Without the file nothing is counted. Every counted step is
written to a second file, whose last line then says where it died.
"""

import json
import os
import re
import signal
from _thread import start_new_thread
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from redis.asyncio.connection import AbstractConnection
from sqlalchemy.dialects.mysql.mysqldb import MySQLDialect_mysqldb
from sqlalchemy.engine.default import DefaultDialect

NAME_LENGTH = 100
PROBE = "SQL SELECT 1"
"""What health asks every second: no step of any work."""
COMMIT, COMMITTING, COMMITTED = "COMMIT", "COMMIT is on its way", "COMMIT was answered"
SENT, ANSWERED = "Redis was sent it", "Redis answered"


@dataclass(frozen=True)
class Order:
    """Die at step `number` (1 is the first), counted from the first one that `begins` fits."""

    begins: str
    number: int
    stops: bool = False
    """Sleep there instead of dying, until it is woken with SIGCONT."""

    def give(self, folder: Path) -> None:
        """To the process that listens in this folder. The steps counted so far are forgotten."""
        (folder / "steps").write_text("")
        (folder / "order.new").write_text(json.dumps(asdict(self)))
        (folder / "order.new").rename(folder / "order")


def call_off(folder: Path) -> None:
    (folder / "order").unlink(missing_ok=True)


def steps_taken(folder: Path) -> list[str]:
    """What was counted since the order was given."""
    return (folder / "steps").read_text().splitlines()


def is_in_doubt(steps: Sequence[str]) -> bool:
    """Whether a COMMIT was on its way when the process died, at that step or at one of another thread."""
    return steps.count(COMMITTING) > steps.count(COMMITTED)


class KillPoints:
    """The counter of one process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken = 0
        self._lock = Lock()

    def step(self, name: str) -> None:
        """Count it, and die if this is the one. SQLite's steps come from several threads."""
        with self._lock:
            self._count(name)

    def _count(self, name: str) -> None:
        order = self._order()
        if order is None:
            self._taken = 0
            return
        if name == PROBE or not (self._taken or re.search(order.begins, name)):
            return
        self._taken += 1
        with (self._folder / "steps").open("a") as steps:
            steps.write(f"{name[:NAME_LENGTH]}\n")
        if self._taken != order.number:
            return
        arguments = (os.getpid(), signal.SIGSTOP if order.stops else signal.SIGKILL)
        if name == COMMITTING:
            # By another thread, which comes to its turn when this one has begun to send, and waits.
            start_new_thread(os.kill, arguments)
        else:
            os.kill(*arguments)

    def _order(self) -> Order | None:
        try:
            return Order(**json.loads((self._folder / "order").read_text()))
        except FileNotFoundError:
            return None


def install(folder: Path) -> None:
    """From now on every step of this process counts."""
    points = KillPoints(folder)
    _before(DefaultDialect, "do_execute", points)
    for dialect in (DefaultDialect, MySQLDialect_mysqldb):
        _before(dialect, "do_executemany", points)
    _around_commit(points)
    _around_redis(points)


def _statement(sql: str) -> str:
    return " ".join(["SQL", *sql.split()])


def _before(owner: type, method: str, points: KillPoints) -> None:
    inner = getattr(owner, method)

    def counted(*args: Any, **options: Any) -> Any:
        points.step(_statement(args[2]))
        return inner(*args, **options)

    setattr(owner, method, counted)


def _around_commit(points: KillPoints) -> None:
    inner: Any = DefaultDialect.do_commit

    def counted(*args: Any) -> None:
        points.step(COMMIT)
        points.step(COMMITTING)
        inner(*args)
        points.step(COMMITTED)

    DefaultDialect.do_commit = counted  # type: ignore[method-assign]  # that is the point


def _around_redis(points: KillPoints) -> None:
    send, receive = AbstractConnection.send_packed_command, AbstractConnection.read_response

    async def counted_send(self: AbstractConnection, command: Any, *args: Any, **options: Any) -> None:
        points.step(f"Redis {_command(command)}")
        await send(self, command, *args, **options)
        points.step(SENT)

    async def counted_receive(self: AbstractConnection, *args: Any, **options: Any) -> Any:
        answer = await receive(self, *args, **options)
        points.step(ANSWERED)
        return answer

    AbstractConnection.send_packed_command = counted_send  # type: ignore[method-assign]  # that is the point
    AbstractConnection.read_response = counted_receive  # type: ignore[method-assign]  # that is the point


def _command(packed: Any) -> str:
    """Its name: of a pipeline, the first one's. On the wire: `*2\\r\\n$3\\r\\nGET\\r\\n...`."""
    parts = [packed] if isinstance(packed, bytes | str) else list(packed)
    joined = b"".join(part.encode() if isinstance(part, str) else bytes(part) for part in parts)
    words = joined.split(b"\r\n")
    return words[2].decode(errors="replace") if len(words) > 2 else "?"
