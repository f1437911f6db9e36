"""The scripts, with the clock in the hands of a test, and what lies in Redis after them.

As they are shipped they ask the server's clock. The one line that asks is replaced here, by one that reads
the time from a key.
"""

from typing import Any, cast

import redis

from domain.seckill.gate import Answer, Claim, Key, OrderFact
from domain.seckill.gate_model import LOADER_SILENT, NO_SHAPE, Gate, GateState, Record
from domain.shared.instants import Instant
from servers.mesh.redis_scripts import Script
from servers.seckill.gate import things
from servers.seckill.gate.keys import gate_keys
from servers.seckill.gate.looking import Look, look_of
from tests.gate.histories import Batch, Begin, Drop, Open, Push, Reshape, Step, Thing, Wipe
from tests.gate.model import Said, stamp_of

ASKS_THE_TIME = "redis.call('TIME')"
NOW_KEY = "{test}:now"
READS_THE_TIME = f"{{0, redis.call('GET', '{NOW_KEY}')}}"
ACTIVITY = "test"
STATES = {0: GateState.MISSING, 1: GateState.LOADING, 2: GateState.OPEN}


class ScriptsUnderTest:
    """Puts steps to the scripts, each at its own time."""

    def __init__(self, url: str, ahead: int = 0) -> None:
        # redis-py's answers are typed as those of both its clients at once.
        self._client: Any = redis.Redis.from_url(url)
        self._client.flushall()
        self._ahead = b"%d" % ahead
        self._keys = gate_keys(ACTIVITY)

    def do(self, step: Step, real: Instant, stamps: dict[Key, int]) -> Said:
        """What the scripts answer; `stamps` are those that claims were answered with before."""
        self._client.set(NOW_KEY, real)
        if isinstance(step, Begin):
            return self._load(things.beginning(step.owner.encode(), NO_SHAPE, LOADER_SILENT))
        if isinstance(step, Push):
            packed = [things.settling(order) for order in step.orders]
            return len(self._run(things.BATCH, [step.owner.encode(), *packed])) == 2
        if isinstance(step, Open):
            return self._load(things.opening(step.owner.encode(), step.shape))
        if isinstance(step, Reshape):
            return self._load(things.reshaping(step.shape))
        if isinstance(step, Wipe):
            self._client.delete(*self._keys)
            return None
        return self._batch(step, stamps)

    def look(self) -> Look:
        return look_of(self._run(things.PEEK, [b"0"]))[0]

    def records(self) -> dict[Key, Answer]:
        found: dict[Key, Answer] = {}
        for key in self._keys[1:3]:
            for name, value in cast("dict[bytes, bytes]", self._client.hgetall(key)).items():
                member_id, _, request_id = name.decode().partition("/")
                found[member_id, request_id] = things.record_of(value)
        return found

    def members(self) -> dict[str, int]:
        found = cast("dict[bytes, bytes]", self._client.hgetall(self._keys[3]))
        return {member.decode(): int(units) for member, units in found.items()}

    def close(self) -> None:
        self._client.close()

    def _batch(self, step: Batch, stamps: dict[Key, int]) -> list[Answer]:
        packed = [_packed(thing, stamps) for thing in step.things]
        reply = self._run(things.BATCH, [things.NOBODY, *packed])
        return things.answers_of(reply, len(packed))

    def _load(self, arguments: list[bytes]) -> bool:
        return bool(self._run(things.LOAD, arguments))

    def _run(self, script: Script, arguments: list[bytes]) -> Any:
        text = script.text.replace(ASKS_THE_TIME, READS_THE_TIME)
        if text == script.text:
            raise ValueError("the script asks the time in another way than this test knows")
        return self._client.eval(text, len(self._keys), *self._keys, self._ahead, *arguments)


def differences(scripts: ScriptsUnderTest, gate: Gate) -> list[str]:
    """Where what lies in Redis is not what the model has."""
    look = scripts.look()
    found = [] if STATES[look.state] is gate.state else [f"state {look.state}, not {gate.state}"]
    if gate.state is GateState.MISSING or found:
        return found
    expected = {
        "generation": (look.generation, gate.generation),
        "left": (look.left, tuple(gate.left.get(number, 0) for number in range(1, 9))),
        "records": (scripts.records(), {key: record.seen() for key, record in gate.records.items()}),
        "members": (scripts.members(), _units(gate.records)),
    }
    return [f"{name}: {one}, not {other}" for name, (one, other) in expected.items() if one != other]


def _units(records: dict[Key, Record]) -> dict[str, int]:
    units: dict[str, int] = {}
    for (member_id, _), record in records.items():
        units[member_id] = units.get(member_id, 0) + record.units
    return units


def _packed(thing: Thing, stamps: dict[Key, int]) -> bytes:
    if isinstance(thing, Claim):
        return things.claiming(thing)
    if isinstance(thing, OrderFact):
        return things.settling(thing)
    if isinstance(thing, Drop):
        return things.dropping(thing.member_id, thing.request_id, stamp_of(thing, stamps))
    return things.looking(thing.member_id, thing.request_id)
