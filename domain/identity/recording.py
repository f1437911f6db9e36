"""Writing facts down: numbered, with their two times, and with the announcements that fall due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.identity.announcing import announcements
from domain.identity.facts import Fact, Recorded
from domain.identity.laying import flatten
from domain.identity.layout import Layout
from domain.identity.ports import Timelines
from domain.identity.timeline import Timeline, fold
from domain.shared.errors import Refused
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does something, by which request, when, and why."""

    actor: str
    request_id: str
    now: Instant
    reason: str = ""
    """In words, for the record; empty if nobody said."""


@dataclass(frozen=True)
class Written:
    """A timeline after a write."""

    timeline: Timeline
    layout: Layout


def open_timeline(timelines: Timelines, member_id: str) -> tuple[Timeline, Layout]:
    """A member's timeline to write on. Raises Refused (MEMBER_MERGED)."""
    timeline = timelines.get(member_id)
    require_own(timeline)
    return timeline, timelines.layout(timeline)


def require_own(timeline: Timeline) -> None:
    if timeline.survivor is not None:
        raise Refused(
            "MEMBER_MERGED",
            "the member was merged into another",
            member_id=timeline.member_id,
            survivor_member_id=timeline.survivor,
        )


def write(
    timelines: Timelines,
    before: Timeline,
    facts: Sequence[tuple[Instant, Fact]],
    doing: Doing,
    consequences: Iterable[Fact] = (),
) -> Written:
    """Append facts, each with the instant from which it holds, and what follows from them.

    What fell due before is announced first, by what was known then; what the new facts start or end at
    once is announced last. Recorded times never run backwards, whatever the clock does.
    """
    page = _Page(before, doing)
    for moment, announcement in announcements(before, timelines.layout(before), page.now):
        page.add(announcement, moment)
    for effective, fact in facts:
        page.add(fact, effective)
    for consequence in consequences:
        page.add(consequence, page.now)
    layout = flatten(page.timeline) if facts else timelines.layout(before)
    for moment, announcement in announcements(page.timeline, layout, page.now):
        page.add(announcement, moment)
    timelines.append(before, page.lines, page.timeline, layout)
    return Written(page.timeline, layout)


class _Page:
    """Lines being written on one timeline."""

    def __init__(self, before: Timeline, doing: Doing) -> None:
        self.timeline = before
        self.lines: list[Recorded] = []
        self.now = max(doing.now, before.announced)
        self._doing = doing

    def add(self, fact: Fact, effective: Instant) -> None:
        line = Recorded(
            fact,
            effective,
            self.now,
            self.timeline.sequence + 1,
            self._doing.actor,
            self._doing.request_id,
            self._doing.reason,
        )
        self.lines.append(line)
        self.timeline = fold(self.timeline, [line])
