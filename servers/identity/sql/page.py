"""What one transaction makes of a member's timeline."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.identity.facts import Recorded
from domain.identity.layout import Layout
from domain.identity.timeline import Timeline


@dataclass(frozen=True)
class Page:
    """A member's timeline, and the lines that this transaction adds to it."""

    timeline: Timeline
    layout: Layout
    lines: tuple[Recorded, ...] = ()


Changes = Sequence[tuple[str, Page | None, Page]]
"""By member: the page as it was read (None: new), and as it shall be."""
