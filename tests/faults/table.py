"""What kills came to, printed line by line."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from tests.faults.load_rounds import Toll
from tests.faults.rounds import Fate, Round

HEADING = f"{'engine':7} {'story':46} {'kills':>6} {'never':>6} {'once':>6} {'violations':>11} {'seconds':>8}"

SHOWN = 5
"""Violations of each line."""


class Table:
    """Prints its lines as they come."""

    def __init__(self) -> None:
        self.kills = 0
        self.points: Counter[str] = Counter()
        """Kills at each crash point of a sale, where one was told."""
        self.violations: list[str] = []
        print(HEADING, flush=True)

    def line(
        self,
        engine: str,
        story: str,
        kills: int,
        fates: Counter[Fate],
        violations: Sequence[str],
        began: float,
    ) -> None:
        self.kills += kills
        self.violations += [f"{engine}, {story}: {violation}" for violation in violations]
        never, once = (str(fates[fate]) if fates else "-" for fate in (Fate.NEVER, Fate.ONCE))
        seconds = time.monotonic() - began
        print(
            f"{engine:7} {story:46} {kills:6} {never:>6} {once:>6} {len(violations):11} {seconds:8.1f}",
            flush=True,
        )
        for violation in violations[:SHOWN]:
            print(f"        {violation}", flush=True)

    async def rounds(self, engine: str, story: str, rounds: AsyncIterator[Round]) -> None:
        began = time.monotonic()
        done = [each async for each in rounds]
        fates = Counter(each.fate for each in done)
        self.points.update(each.point for each in done if each.point)
        self.line(engine, story, len(done), fates, [text for each in done for text in each.violations], began)

    def load(self, engine: str, story: str, toll: Toll) -> None:
        """What kills under load came to."""
        story = f"{story} ({toll.answered} answers)"
        self.line(engine, story, toll.kills, Counter(), toll.violations, toll.began)

    def show_points(self) -> None:
        """How many of the kills hit each crash point."""
        told = ", ".join(f"{point} {count}" for point, count in sorted(self.points.items()))
        print(f"crash points: {told}; at random under load {self.kills - self.points.total()}", flush=True)
