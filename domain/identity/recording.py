"""Writing facts down: numbered, with their two times, and with the announcements that fall due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.identity.announcing import announcements
from domain.identity.facts import Fact, Recorded
from domain.identity.laying import flatten
from domain.identity.layout import Layout
from domain.identity.ports import Timelines
from domain.identity.timeline import Timeline, fold
from domain.shared.doing import Doing
from domain.shared.errors import Refused
from domain.shared.instants import Instant


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
    laid: Layout | None = None,
) -> Written:
    """Append facts, each with the instant from which it holds, and what follows from them.

    What fell due before is announced first, by what was known then; what the new facts start or end at
    once is announced last. Recorded times never run backwards, whatever the clock does. `laid` is the
    layout with the facts, if the caller has it: laying is most of what a write costs.
    """
    page = _Page(before, doing)
    page.add(announcements(before, timelines.layout(before), page.now))
    page.add(facts)
    page.add((page.now, consequence) for consequence in consequences)
    timeline = fold(before, page.lines)
    layout = laid or (flatten(timeline) if facts else timelines.layout(before))
    last = page.add(announcements(timeline, layout, page.now))
    timeline = fold(timeline, last) if last else timeline
    timelines.append(before, page.lines, timeline, layout)
    return Written(timeline, layout)


class _Page:
    """Lines being written on one timeline."""

    def __init__(self, before: Timeline, doing: Doing) -> None:
        self.lines: list[Recorded] = []
        self.now = max(doing.now, before.announced)
        self._sequence = before.sequence
        self._doing = doing

    def add(self, facts: Iterable[tuple[Instant, Fact]]) -> Sequence[Recorded]:
        """The new lines."""
        doing = self._doing
        news = [
            Recorded(fact, effective, self.now, sequence, doing.actor, doing.request_id, doing.reason)
            for sequence, (effective, fact) in enumerate(facts, self._sequence + 1)
        ]
        self.lines += news
        self._sequence += len(news)
        return news
