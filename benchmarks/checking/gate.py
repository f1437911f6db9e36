"""What the gate holds, read as plain hashes of Redis. One that is not there breaks nothing: it is rebuilt."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import redis

_OPEN, _HELD = struct.Struct(">BH7s"), struct.Struct(">BH")
_PREFIX, _GATE = "sk:{", "}:gate"


class Record(NamedTuple):
    """Units that are set aside."""

    member: str
    request: str
    tranche: int
    units: int
    is_open: bool
    """Whether its order is not known yet."""


@dataclass(frozen=True)
class Gate:
    """One activity's."""

    activity: str
    state: str
    stock: Mapping[int, int]
    """By tranche, of those that are there at all."""
    left: Mapping[int, int]
    records: Iterable[Record]
    members: Mapping[str, int]


def read_gates(redis_url: str) -> list[Gate]:
    """All gates of a single Redis server."""
    with redis.Redis.from_url(redis_url) as client:
        keys = [key.decode() for key in client.scan_iter(match=_PREFIX + "*" + _GATE, count=1000)]
        found = [_read(client, key.removeprefix(_PREFIX).removesuffix(_GATE)) for key in keys]
        return [gate for gate in found if gate]


def _read(client: redis.Redis, activity: str) -> Gate | None:
    base = _PREFIX + activity + "}:"
    with client.pipeline(transaction=True) as pipeline:
        for part in ("gate", "open", "held", "members"):
            pipeline.hgetall(base + part)
        gate, opened, held, members = pipeline.execute()
    if not gate:
        return None
    tranches = [tuple(map(int, one.split(b":"))) for one in gate[b"tranches"].split()][: int(gate[b"parts"])]
    return Gate(
        activity=activity,
        state=gate[b"state"].decode(),
        stock={number: one[0] for number, one in enumerate(tranches, 1)},
        left={number: one[1] for number, one in enumerate(tranches, 1)},
        records=[
            *(_record(name, *_OPEN.unpack(value)[:2], is_open=True) for name, value in opened.items()),
            *(_record(name, *_HELD.unpack(value), is_open=False) for name, value in held.items()),
        ],
        members={member.decode(): int(units) for member, units in members.items()},
    )


def _record(name: bytes, tranche: int, units: int, *, is_open: bool) -> Record:
    member, _, request = name.decode().partition("/")
    return Record(member, request, tranche, units, is_open)
