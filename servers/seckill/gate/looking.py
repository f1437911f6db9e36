"""What a gate says of itself."""

from typing import NamedTuple

from servers.seckill.gate.store import Call, GateStore, Reply
from servers.seckill.gate.things import MISSING, OPEN, PEEK

NEVER = -1


class Look(NamedTuple):
    """A gate at a moment. peek.lua tells it."""

    state: int
    revision: int = 0
    """Of the activity."""
    generation: int = 0
    adds: int = 0
    """How often its filter learned something."""
    moves: int = 0
    """How often anything was written."""
    real: int = 0
    """The server's time."""
    released: int = 0
    """Mask of the tranches that are open to everybody."""
    changes_in: int = NEVER
    """When that changes, in us."""
    stock: tuple[int, ...] = ()
    """Of each tranche, by number from 1; 0 beyond the last."""
    left: tuple[int, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state == OPEN


def look_of(reply: Reply) -> tuple[Look, bytes]:
    """What PEEK answered, and the filter if it was asked for."""
    if len(reply) == 1:
        return Look(MISSING), b""
    state, revision, generation, adds, moves, real, released, changes_in, tranches, known = reply
    parts = [part.split(b":") for part in tranches.split()]
    stock, left = (tuple(int(part[at]) for part in parts) for at in (0, 1))
    return Look(state, revision, generation, adds, moves, real, released, changes_in, stock, left), known


async def look(store: GateStore, activity_id: str) -> Look:
    """Raises one of STORE_ERRORS, or Away."""
    return look_of(await store.run_one(Call(activity_id, PEEK, [b"0"])))[0]
