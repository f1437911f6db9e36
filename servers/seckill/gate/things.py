"""What the batch script is asked to do, and what it answers, in bytes. batch.lua tells the forms."""

from collections.abc import Sequence
from enum import IntEnum
from struct import Struct
from typing import Any

from domain.seckill.gate import Answer, Claim, OrderFact, Shape, Verdict
from servers.mesh.redis_scripts import Script
from servers.seckill.gate.known_requests import bits_for, places

MOST_THINGS = 32
"""Of one script, which must end within a millisecond: nobody else is served meanwhile."""
NOBODY = b""
"""In place of a loader, for whoever loads nothing."""
MISSING, LOADING, OPEN = 0, 1, 2
"""States, as the scripts tell them."""
_HEAD = Struct(">BHB")
_ANSWER = Struct(">BBH7s")
_STAMP_BYTES = 7
_OPEN_RECORD = Struct(">BH")

BATCH = Script.of(__package__, "gate.lua", "batch.lua")
LOAD = Script.of(__package__, "gate.lua", "load.lua")
PEEK = Script.of(__package__, "gate.lua", "peek.lua")
PAGE = Script.of(__package__, "gate.lua", "page.lua")


class Verb(IntEnum):
    """What is to be done."""

    CLAIM = 1
    SETTLE = 2
    DROP = 3
    LOOK = 4


def name_of(member_id: str, request_id: str) -> bytes:
    """What a record is called. Neither id has a `/` in it."""
    return f"{member_id}/{request_id}".encode()


def claiming(claim: Claim) -> bytes:
    return _thing(Verb.CLAIM, claim.units, claim.mask, 0, name_of(claim.member_id, claim.request_id))


def settling(order: OrderFact) -> bytes:
    name = name_of(order.member_id, order.request_id)
    return _thing(Verb.SETTLE, order.units, order.tranche, 0, name)


def dropping(member_id: str, request_id: str, stamp: int = 0) -> bytes:
    return _thing(Verb.DROP, 0, 0, stamp, name_of(member_id, request_id))


def looking(member_id: str, request_id: str) -> bytes:
    return _thing(Verb.LOOK, 0, 0, 0, name_of(member_id, request_id))


def _thing(verb: Verb, units: int, place: int, stamp: int, name: bytes) -> bytes:
    head = _HEAD.pack(verb, units, place) + stamp.to_bytes(_STAMP_BYTES)
    return head + places(name) + name.index(b"/").to_bytes() + name


_VERDICTS = {int(verdict): verdict for verdict in Verdict}


def answers_of(reply: Sequence[Any], count: int) -> list[Answer]:
    """What a batch of so many things was answered."""
    if len(reply) == 1:
        return [Answer(Verdict.MISSING)] * count
    return [
        Answer(_VERDICTS[verdict], tranche, units, int.from_bytes(stamp))
        for verdict, tranche, units, stamp in _ANSWER.iter_unpack(reply[1])
    ]


def record_of(value: bytes) -> Answer:
    """What the value of a record says."""
    tranche, units = _OPEN_RECORD.unpack_from(value)
    if len(value) == _OPEN_RECORD.size:
        return Answer(Verdict.HELD, tranche, units)
    return Answer(Verdict.OPEN, tranche, units, int.from_bytes(value[_OPEN_RECORD.size :]))


def beginning(owner: bytes, shape: Shape, silent: int) -> list[bytes]:
    """Arguments of LOAD: `owner` begins; a loader that was silent for so many us is dead."""
    return [b"BEGIN", owner, b"%d" % bits_for(shape.stock), b"%d" % silent]


def opening(owner: bytes, shape: Shape) -> list[bytes]:
    """Arguments of LOAD: `owner` has loaded all."""
    return [b"OPEN", owner, *_shaped(shape)]


def reshaping(shape: Shape) -> list[bytes]:
    """Arguments of LOAD: the activity was changed."""
    return [b"RESHAPE", NOBODY, *_shaped(shape)]


def _shaped(shape: Shape) -> list[bytes]:
    numbers = [shape.revision, shape.opens, shape.closes, shape.member_limit]
    for part in shape.parts:
        numbers += [part.stock, -1 if part.release is None else part.release]
    return [b"%d" % number for number in numbers]
