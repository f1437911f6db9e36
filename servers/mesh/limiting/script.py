"""The scripts that run beside the windows, and how a batch of requests is put to one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files
from struct import Struct
from typing import Any

from redis.exceptions import NoScriptError

from domain.risk.decision import Decision, decided
from domain.risk.limit import Limit
from domain.risk.verbs import Verb
from servers.mesh.redis_clients import AnyRedis

MOST_LIMITS = 8
"""Of one request: a script must end soon, for nobody else is served meanwhile."""
MOST_REQUESTS = 32
"""Of one batch, for the same reason."""
_LIMIT = Struct(">IIB")
_CALL = Struct(">BI")


class Script:
    """A Lua script, sent whole only to a server that does not know it."""

    def __init__(self, *names: str) -> None:
        """`names` of files in `lua/`, put one after the other."""
        folder = files(__package__) / "lua"
        self.text = "".join((folder / name).read_text("utf-8") for name in names)
        # Not for security: the server knows its scripts by this name.
        self._name = sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, client: AnyRedis, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """Its answer. Raises RedisError if it gave none: it may have run all the same, so ask no more."""
        call: Any = client
        try:
            return await call.evalsha(self._name, len(keys), *keys, *arguments)
        except NoScriptError:
            return await call.eval(self.text, len(keys), *keys, *arguments)


@dataclass(frozen=True, slots=True)
class Request:
    """One request before all of its limits, with the name of its window under each."""

    verb: Verb
    limits: Sequence[Limit]
    """At most MOST_LIMITS."""
    windows: Sequence[str]
    """Names, all of one shard."""
    cost: int
    at_ms: int = 0
    """Of a refund: `now_ms` of the decision that admitted it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided about one request."""

    decision: Decision
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
    batch: Sequence[Request], epoch_key: str, known_epoch: bytes, new_epoch: bytes
) -> tuple[list[str], list[bytes]]:
    """Keys and arguments of the script `decide`."""
    numbers: dict[int, int] = {}
    limits: list[Limit] = []
    keys = [epoch_key]
    calls: list[bytes] = []
    for request in batch:
        for limit in request.limits:
            if id(limit) not in numbers:
                limits.append(limit)
                numbers[id(limit)] = len(limits)
        keys += request.windows
        indices = bytes([numbers[id(limit)] for limit in request.limits])
        calls.append(_CALL.pack(request.verb, request.cost) + request.at_ms.to_bytes(7) + indices)
    packed = b"".join(_LIMIT.pack(limit.units, limit.window_ms, limit.buckets) for limit in limits)
    return keys, [known_epoch, new_epoch, packed, *calls]


def answered(batch: Sequence[Request], reply: Sequence[Any]) -> Answers:
    """What the script's reply says."""
    epoch, now_ms = reply[0], reply[1]
    if len(reply) == 2:
        return Answers(epoch, now_ms, 0, None)
    answers = [
        Answer(decided(request.limits, one[2::2], one[3::2], request.cost, now_ms), one[1])
        for request, one in zip(batch, reply[3:], strict=True)
    ]
    return Answers(epoch, now_ms, reply[2], answers)


DECIDE = Script("windows.lua", "decide.lua")
