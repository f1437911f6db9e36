"""Timelines that this process has folded before: facts never change, so a version names its state."""

from collections import OrderedDict
from threading import Lock

from domain.identity.layout import Layout
from domain.identity.timeline import Timeline

MOST = 10_000
"""Members kept, the longest unused dropped first: about 5 kB each."""


class TimelineCache:
    """Safe from any thread: SQLite's transactions run in a thread of their own."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[Timeline, Layout]] = OrderedDict()

    def get(self, member_id: str, version: int) -> tuple[Timeline, Layout] | None:
        """The state of exactly this version."""
        with self._lock:
            found = self._known.get(member_id)
            if found is None or found[0].sequence != version:
                return None
            self._known.move_to_end(member_id)
            return found

    def put(self, timeline: Timeline, layout: Layout) -> None:
        with self._lock:
            self._known[timeline.member_id] = (timeline, layout)
            self._known.move_to_end(timeline.member_id)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
