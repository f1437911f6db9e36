"""The scripts that run beside the windows, and how a batch of requests is put to one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, NamedTuple

from domain.risk.limit import Limit
from domain.risk.reckoning import Reckoning, reckoned
from domain.risk.verbs import Verb
from servers.mesh.redis_scripts import Script

MOST_LIMITS = 8
"""Of one request: a script must end soon, for nobody else is served meanwhile."""
MOST_REQUESTS = 31
"""Of one batch, for the same reason; their limits are numbered with one byte."""
_LIMIT = Struct(">IIB")
_CALL = Struct(">BI")


class Request(NamedTuple):
    """One request before all of its limits, with the name of its window under each."""

    verb: Verb
    limits: Sequence[Limit]
    """At most MOST_LIMITS."""
    windows: Sequence[bytes]
    """Names, all of one shard."""
    cost: int
    at_ms: int = 0
    """Of a refund: `now_ms` of the reckoning that admitted it."""


class Answer(NamedTuple):
    """What was decided about one request."""

    reckoning: Reckoning
    attempts: int = 0
    """How often it was refused in a row, by the limit that was hit most. A refusal counts itself."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a script answered to a batch."""

    epoch: bytes
    now_ms: int
    damaged: int
    """Windows that could not be read, and count as full from now on."""
    answers: Sequence[Answer] | None
    """None if the epoch is not the one that was expected: nothing was decided."""


def encoded(
    batch: Sequence[Request], epoch_key: bytes, epoch: Sequence[bytes]
) -> tuple[list[bytes], list[bytes]]:
    """Keys and arguments of DECIDE. `epoch`: the one that is known, and a name for a new one."""
    numbers = _Numbers()
    keys = [epoch_key]
    calls: list[bytes] = []
    for request in batch:
        keys += request.windows
        head = _CALL.pack(request.verb, request.cost) + request.at_ms.to_bytes(7)
        calls.append(head + bytes([numbers.of(limit) for limit in request.limits]))
    return keys, [*epoch, numbers.packed(), *calls]


def encoded_push(
    pushes: Sequence[tuple[bytes, Limit, Sequence[tuple[int, int]]]], epoch_key: bytes, epoch: Sequence[bytes]
) -> tuple[list[bytes], list[bytes]]:
    """Keys and arguments of PUSH, from (window, limit, (instant, units) in order of time)."""
    numbers = _Numbers()
    pushed = [
        bytes([numbers.of(limit)]) + b"".join(at.to_bytes(7) + units.to_bytes(4) for at, units in entries)
        for _, limit, entries in pushes
    ]
    return [epoch_key, *(window for window, _, _ in pushes)], [*epoch, numbers.packed(), *pushed]


class _Numbers:
    """The limits of a batch, each sent once. There are fewer than 256: a batch is small."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._limits: list[Limit] = []

    def of(self, limit: Limit) -> int:
        # By identity: to hash a limit takes longer than to send it.
        number = self._numbers.get(id(limit))
        if number is None:
            self._limits.append(limit)
            number = self._numbers[id(limit)] = len(self._limits)
        return number

    def packed(self) -> bytes:
        return b"".join(_LIMIT.pack(one.units, one.window_ms, one.buckets) for one in self._limits)


def answered(batch: Sequence[Request], reply: Sequence[Any]) -> Answers:
    """What the script's reply says."""
    epoch, now_ms = reply[0], reply[1]
    if len(reply) == 2:
        return Answers(epoch, now_ms, 0, None)
    answers = [
        Answer(reckoned(request.limits, one[2::2], one[3::2], request.cost, now_ms), one[1])
        for request, one in zip(batch, reply[3:], strict=True)
    ]
    return Answers(epoch, now_ms, reply[2], answers)


DECIDE = Script.of(__package__, "epoch.lua", "windows.lua", "stored.lua", "decide.lua")
PUSH = Script.of(__package__, "epoch.lua", "windows.lua", "stored.lua", "push.lua")
HEARTBEAT = Script.of(__package__, "epoch.lua", "heartbeat.lua")
