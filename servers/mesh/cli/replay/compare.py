"""Every timeline of a replay beside that of the naive oracle, a second implementation without common code.

The oracle belongs to the tests and is not shipped: only a checkout has it.
"""

import asyncio
import importlib
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import servers
from clients.times import datetime_of
from domain.shared.instants import Instant, from_datetime
from nectary.identity.v1 import catalog_pb2
from nectary.identity.v1 import identity_pb2 as pb
from servers.mesh.cli.exits import CommandError
from servers.mesh.cli.output import Step
from servers.mesh.cli.replay.run import Bought, Refused
from servers.mesh.cli.session import Mesh

AT_ONCE = 32
CHECKOUT = Path(servers.__path__[0]).parent
Lanes = list[list[tuple[str, str, Instant, Instant]]]
"""Lanes in the order in which they were opened, each of (term, SKU, start, end)."""


@dataclass(frozen=True)
class Mismatch:
    """Something that the mesh and the oracle see differently."""

    member_id: str
    what: str
    mesh: str
    oracle: str


@dataclass(frozen=True)
class Comparison:
    """What was compared, and what differs."""

    members: int
    segments: int
    mismatches: Sequence[Mismatch]


async def compare(
    mesh: Mesh, make_oracle: Callable[[], Any], outcomes: Sequence[Bought | Refused], step: Step
) -> Comparison:
    """Asks the mesh for every member's timeline and an oracle of its own for the same, refusals and all."""
    by_member: defaultdict[str, list[Bought | Refused]] = defaultdict(list)
    for outcome in outcomes:
        by_member[outcome.purchase.member_id].append(outcome)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(member_id: str, history: Sequence[Bought | Refused]) -> tuple[int, list[Mismatch]]:
        async with gate:
            seen = lanes_of(await mesh.identity.get_timeline(member_id))
            found = _differences(member_id, history, seen, make_oracle())
            step()
            return sum(len(lane) for lane in seen), found

    results = await asyncio.gather(*(one(*item) for item in sorted(by_member.items())))
    mismatches = [mismatch for _, found in results for mismatch in found]
    return Comparison(len(by_member), sum(count for count, _ in results), mismatches)


def oracle_of(catalog_file: Path) -> Callable[[], Any]:
    """Makes oracles of the file's catalogue. Raises CommandError outside of a checkout."""
    if not (CHECKOUT / "tests" / "oracle" / "oracle.py").is_file():
        raise CommandError("there is no oracle here: only a checkout has it", hint="--no-compare")
    if str(CHECKOUT) not in sys.path:
        sys.path.insert(0, str(CHECKOUT))
    kind = importlib.import_module("tests.oracle.oracle").Oracle
    catalog = next(yaml.safe_load_all(catalog_file.read_text("utf-8")))
    return lambda: kind(catalog)


def lanes_of(timeline: pb.Timeline) -> Lanes:
    return [
        [(s.term_id, s.sku_id, _instant(s.start_time), _instant(s.end_time)) for s in lane.segments]
        for lane in timeline.lanes
    ]


def _differences(
    member_id: str, history: Sequence[Bought | Refused], seen: Lanes, oracle: Any
) -> list[Mismatch]:
    found = []
    for outcome in history:
        mesh_says = "accepted" if isinstance(outcome, Bought) else outcome.reason
        answer = oracle.apply(_operation(outcome))
        oracle_says = "accepted" if answer.accepted else answer.reason
        if mesh_says != oracle_says:
            found.append(Mismatch(member_id, f"line {outcome.purchase.line}", mesh_says, oracle_says))
    expected = [segments for _, segments in oracle.lanes(member_id)]
    if seen != expected:
        found.append(Mismatch(member_id, "lanes", str(seen), str(expected)))
    return found


def _operation(outcome: Bought | Refused) -> Mapping[str, Any]:
    purchase, at = outcome.purchase, from_datetime(outcome.at)
    channel = catalog_pb2.AcquisitionChannel.Name(purchase.band.channel)
    return {
        "op": "buy",
        "member": purchase.member_id,
        "sku": purchase.band.sku_id,
        "source": purchase.band.source,
        "channel": channel.removeprefix("ACQUISITION_CHANNEL_"),
        "t": at,
        "now": at,
        "term": outcome.term_id if isinstance(outcome, Bought) else f"refused:{purchase.line}",
    }


def _instant(timestamp: Any) -> Instant:
    return from_datetime(datetime_of(timestamp))
