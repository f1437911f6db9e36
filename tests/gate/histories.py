"""Random histories of one gate: few members and requests, little stock, so that everything collides."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from domain.seckill.gate import Claim, OrderFact, Part, Shape
from domain.seckill.gate_model import LOADER_SILENT
from domain.shared.instants import SECOND, Instant
from tests.fakes import EPOCH

MEMBERS, REQUESTS, TRANCHES = 8, 4, 3
OPENS, RELEASES, CLOSES = EPOCH + 10 * SECOND, EPOCH + 100 * SECOND, EPOCH + 200 * SECOND
OWNERS = ("one", "two")


@dataclass(frozen=True)
class Begin:
    owner: str


@dataclass(frozen=True)
class Push:
    owner: str
    orders: tuple[OrderFact, ...]


@dataclass(frozen=True)
class Open:
    owner: str
    shape: Shape


@dataclass(frozen=True)
class Reshape:
    shape: Shape


@dataclass(frozen=True)
class Wipe:
    """All keys are lost."""


@dataclass(frozen=True)
class Drop:
    member_id: str
    request_id: str
    of_last_claim: bool
    """With the stamp of the last claim of it that was answered; else whatever there is."""


@dataclass(frozen=True)
class Look:
    member_id: str
    request_id: str


Thing = Claim | OrderFact | Drop | Look


@dataclass(frozen=True)
class Batch:
    things: tuple[Thing, ...]


Step = Begin | Push | Open | Reshape | Wipe | Batch


def history(seed: int, steps: int) -> Iterator[tuple[Step, Instant]]:
    """Steps, each with its time. Gates are made first, thrown away now and then, and made again."""
    rng, at, revision = Random(seed), EPOCH, 0
    for _ in range(steps):
        at += rng.choice((0, 1, 1000, SECOND // 10, SECOND // 2, rng.randrange(2 * LOADER_SILENT)))
        if at > CLOSES + 40 * SECOND:
            at = EPOCH
        revision += rng.random() < 0.05
        yield _step(rng, revision), at


def _step(rng: Random, revision: int) -> Step:
    owner, chance = rng.choice(OWNERS), rng.random()
    if chance < 0.04:
        return Begin(owner)
    if chance < 0.08:
        return Push(owner, tuple(_order(rng) for _ in range(rng.randrange(1, 4))))
    if chance < 0.11:
        return Open(owner, _shape(rng, revision))
    if chance < 0.13:
        return Reshape(_shape(rng, max(revision - rng.randrange(3), 0)))
    if chance < 0.132:
        return Wipe()
    return Batch(tuple(_thing(rng) for _ in range(rng.choice((1, 1, 2, 5, 20)))))


def _thing(rng: Random) -> Thing:
    chance = rng.random()
    if chance < 0.62:
        return Claim(
            _member(rng),
            _request(rng),
            rng.choice((1, 1, 1, 2, 3)),
            rng.choice((0, 0, rng.randrange(1 << TRANCHES))),
        )
    if chance < 0.68:
        return _order(rng)
    if chance < 0.95:
        return Drop(_member(rng), _request(rng), rng.random() < 0.5)
    return Look(_member(rng), _request(rng))


def _order(rng: Random) -> OrderFact:
    return OrderFact(_member(rng), _request(rng), rng.choice((0, 1, 1, 2)), rng.randrange(1, TRANCHES + 1))


def _shape(rng: Random, revision: int) -> Shape:
    releases = (0, RELEASES, None)
    parts = tuple(Part(rng.randrange(1, 12), rng.choice(releases)) for _ in range(TRANCHES))
    return Shape(revision, OPENS, rng.choice((CLOSES, CLOSES + 30 * SECOND)), rng.randrange(2, 12), parts)


def _member(rng: Random) -> str:
    return f"member-{rng.randrange(MEMBERS)}"


def _request(rng: Random) -> str:
    return f"r.{rng.randrange(REQUESTS) if rng.random() < 0.5 else rng.randrange(1000)}"
