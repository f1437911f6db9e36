"""How does the cost of placing a term grow with the length of the timeline?

    python -m benchmarks.identity_placing [--quick]

A renewal is placed on timelines of 10, 100 and 1,000 terms of one lane: by the rules alone, and through
the store (the use case, its transaction and every row it writes, on SQLite, so that all of it is CPU time
of this process). The baseline is the shortest timeline. Aim: the cost grows no faster than the
length, for laying a lane out again is linear in its terms.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from uuid import uuid4

from sqlalchemy import Connection, func, select

from benchmarks.measuring.mesh import EXAMPLE
from benchmarks.measuring.rounds import ROUNDS, Contender, Rounds, Sample, Spread, interleaved, ratios, spread
from benchmarks.measuring.table import at_most, heading, number, ranged, table
from domain.identity.catalog import Catalog, Channel
from domain.identity.checks import judge
from domain.identity.commands.catalog import ApplyCatalog, apply_catalog
from domain.identity.commands.grant import Granted, GrantTerm, grant_term
from domain.identity.layout import Layout
from domain.identity.placement import Acquisition
from domain.identity.terms import Cause, CauseKind
from domain.identity.timeline import Timeline
from domain.shared.doing import Doing
from servers.identity.sql.tables import term
from servers.identity.sql.unit import Memory, Unit
from servers.identity.wire.catalogs import draft_of
from servers.mesh.cli.messages import read_catalog
from servers.mesh.clock import SystemClock
from servers.store.attempt import write_once
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from servers.store.migrations import migrate

LINEAR = 1.1
"""An exponent of 1, and what caches and other processes may add to it."""
SKU, SOURCE, ACTOR = "gold_annual", "benchmark", "benchmark"
CHANNEL = Channel.OPERATOR
"""No horizon holds what an operator gives: a thousand annual cards reach into the year 3026."""
RULES, STORE = "rules alone", "through the store"
PLACEMENTS: Mapping[int, int] = {10: 40, 100: 20, 1_000: 4}
"""By length of the timeline, how many a round: enough to be measured, too few to lengthen it much."""
MEMBERS: Mapping[int, int] = {10: 120, 100: 20, 1_000: 1}
"""How many timelines of each length take turns."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round, without the 1,000")
    lengths, rounds = ([10, 100], 1) if parser.parse_args().quick else (list(PLACEMENTS), ROUNDS)
    heading("Placing a term on a timeline, by its length")
    with tempfile.TemporaryDirectory(prefix="nectary-bench-") as folder:
        book = _Book(f"sqlite:///{folder}/identity.db")
        samples = interleaved(_contenders(book, lengths), rounds)
        book.close()
    for way in (RULES, STORE):
        _report(way, samples, lengths)


def _contenders(book: "_Book", lengths: Sequence[int]) -> Mapping[str, Contender]:
    found: dict[str, Contender] = {}
    for length in lengths:
        members = [book.member_with(length) for _ in range(MEMBERS[length])]
        for way, place in ((RULES, book.judge), (STORE, book.grant)):
            turns = cycle(members)
            found[_name(way, length)] = partial(_timed, place, turns, PLACEMENTS[length])
    return found


def _name(way: str, length: int) -> str:
    return f"{way}, {length:,} terms"


def _timed(place: Callable[[str], None], turns: Iterator[str], count: int) -> Sample:
    began, cpu_began = time.monotonic(), time.process_time()
    for member_id in islice(turns, count):
        place(member_id)
    return Sample(count, time.monotonic() - began, time.process_time() - cpu_began)


class _Book:
    """Timelines in a database of their own."""

    def __init__(self, url: str) -> None:
        migrate(url)
        self._engine = blocking_engine(StoreConfig(url))
        self._memory = Memory()
        self._clock = SystemClock()
        self._grants = 0
        self._opened: dict[str, tuple[Timeline, Layout, Catalog]] = {}
        draft = draft_of(read_catalog(EXAMPLE))
        self._written(lambda unit: apply_catalog(ApplyCatalog(draft, 0), unit.ports, self._doing()))

    def member_with(self, length: int) -> str:
        """A new member with that many terms, one behind the other."""
        member_id = uuid4().hex

        def grow(unit: Unit) -> None:
            for _ in range(length):
                self._granted(unit, member_id)
                unit.keep()

        self._written(grow)
        self._written(lambda unit: self._open(unit, member_id))
        return member_id

    def judge(self, member_id: str) -> None:
        """Place one more term, hold it against every rule, and forget it."""
        timeline, layout, catalog = self._opened[member_id]
        now, term_id = self._clock.now(), uuid4().hex
        cause = Cause(CauseKind.OPERATOR, term_id)
        sku = catalog.skus[SKU]
        wanted = Acquisition(term_id, sku, now, cause, SOURCE, CHANNEL)
        placed = judge(timeline, layout, catalog, wanted, since=now, now=now).require()
        ends = max(segment.end for segment in layout.segments)
        _require(placed.layout.of(term_id)[0].start == ends, "the term does not follow the one before")

    def grant(self, member_id: str) -> None:
        """Place one more term and commit it."""
        self._written(lambda unit: self._granted(unit, member_id))

    def close(self) -> None:
        """Raises AssertionError if a term that was granted is not in the database."""
        with self._engine.connect() as connection:
            stored = connection.scalar(select(func.count()).select_from(term))
        self._engine.dispose()
        _require(stored == self._grants, "terms are missing")

    def _open(self, unit: Unit, member_id: str) -> None:
        timelines = unit.ports.timelines
        timeline = timelines.get(member_id)
        catalog = unit.ports.catalogs.current(self._clock.now())
        self._opened[member_id] = timeline, timelines.layout(timeline), catalog

    def _granted(self, unit: Unit, member_id: str) -> Granted:
        self._grants += 1
        term_id = uuid4().hex
        cause = Cause(CauseKind.OPERATOR, term_id)
        command = GrantTerm(member_id, SKU, SOURCE, CHANNEL, cause, term_id)
        return grant_term(command, unit.ports, self._doing())

    def _written(self, work: Callable[[Unit], object]) -> None:
        def transaction(connection: Connection) -> Unit:
            unit = Unit(connection, self._memory)
            work(unit)
            unit.keep()
            unit.flush()
            return unit

        write_once(self._engine, transaction).remember()

    def _doing(self) -> Doing:
        return Doing(ACTOR, "", self._clock.now())


def _require(kept: bool, broken: str) -> None:
    if not kept:
        raise AssertionError(f"{broken}: the run is void")


def _report(way: str, samples: Rounds, lengths: Sequence[int]) -> None:
    rows, first = [], samples[_name(way, lengths[0])]
    for shorter, length in zip([None, *lengths], lengths, strict=False):
        own = samples[_name(way, length)]
        cost = spread(own, lambda sample: sample.cpu_us)
        times = ranged(ratios(own, first, lambda sample: sample.cpu_us))
        growth = _exponent(own, samples[_name(way, shorter)], length / shorter) if shorter else None
        exponent, aim = (ranged(growth), at_most(growth, LINEAR)) if growth else ("", "")
        rows.append([_name(way, length), number(cost.median), times, exponent, aim])
    table(["", "CPU us/term", "against the shortest (range)", "exponent (range)", "aim"], rows)


def _exponent(samples: Sequence[Sample], shorter: Sequence[Sample], factor: float) -> Spread:
    """By which power of the length the cost grew, from the next shorter one."""
    grown = ratios(samples, shorter, lambda sample: sample.cpu_us)
    low, median, high = (
        math.log(value) / math.log(factor) for value in (grown.low, grown.median, grown.high)
    )
    return Spread(median, low, high)


if __name__ == "__main__":
    main()
