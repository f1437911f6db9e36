"""The port `Timelines`: facts read and folded, facts appended, projections renewed."""

from collections.abc import Mapping, Sequence

from sqlalchemy import BindParameter, Connection, bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from domain.identity.announcing import next_moment
from domain.identity.facts import Recorded
from domain.identity.laying import flatten
from domain.identity.layout import Layout
from domain.identity.timeline import Timeline, fold
from domain.shared.errors import Raced
from servers.identity.sql.cache import TimelineCache
from servers.identity.sql.facts import read_history, write_facts
from servers.identity.sql.page import Changes, Page
from servers.identity.sql.projections import write_segments, write_terms
from servers.identity.sql.tables import timeline
from servers.mesh.clock import Clock
from servers.store.faults import is_duplicate
from servers.store.keys import Among
from servers.store.overlay import Overlay
from servers.store.rows import insert_rows

_members: BindParameter[str] = bindparam("members", expanding=True)
_SELECT_VERSIONS = select(timeline.c.member_id, timeline.c.version).where(timeline.c.member_id.in_(_members))
_AS_READ = Among(timeline.c.member_id, timeline.c.version, indexed=1)
_DELETE_VERSIONS = delete(timeline).where(_AS_READ.condition)


class SqlTimelines:
    """The port `Timelines` over one connection."""

    def __init__(self, connection: Connection, cache: TimelineCache, system_clock: Clock) -> None:
        self._connection = connection
        self._system_clock = system_clock
        self._cache = cache
        self.pages: Overlay[str, Page] = Overlay(self._load)

    def get(self, member_id: str) -> Timeline:
        page = self.pages.get(member_id)
        return page.timeline if page else Timeline(member_id)

    def layout(self, timeline: Timeline) -> Layout:
        page = self.pages.get(timeline.member_id)
        return page.layout if page and page.timeline is timeline else flatten(timeline)

    def history(self, member_id: str) -> Sequence[Recorded]:
        stored = read_history(self._connection, [member_id]).get(member_id, [])
        page = self.pages.get(member_id)
        return [*stored, *(page.lines if page else ())]

    def append(self, before: Timeline, news: Sequence[Recorded], after: Timeline, layout: Layout) -> None:
        page = self.pages.get(before.member_id)
        if (page.timeline.sequence if page else 0) != before.sequence:
            raise Raced("TRANSACTION_RACED", "the timeline has moved on")
        if news:
            lines = (*(page.lines if page else ()), *news)
            self.pages.put(before.member_id, Page(after, layout, lines))

    def confirm(self) -> None:
        """Raises Raced if a timeline that was read has moved on."""
        if self.pages.asked:
            rows = self._connection.execute(_SELECT_VERSIONS, {"members": self.pages.asked})
            read = {member_id: page.timeline.sequence for member_id, page in self.pages.found.items()}
            if {row.member_id: row.version for row in rows} != read:
                raise Raced("TRANSACTION_RACED", "another writer moved a timeline on")

    def lock(self) -> None:
        """Write the versions: the first write of all, so that a lost race costs nothing."""
        if changes := self.pages.changes():
            _write_versions(self._connection, changes)

    def flush(self) -> None:
        """Write every kept page: facts last, so that nothing waits between their ids and the commit."""
        if changes := self.pages.changes():
            write_terms(self._connection, [page for _, _, page in changes])
            write_segments(self._connection, changes)
            write_facts(self._connection, changes, self._system_clock.now())

    def remember(self) -> Sequence[str]:
        """After the commit: later transactions of this process need not read these facts again."""
        changes = self.pages.changes()
        for _, _, page in changes:
            self._cache.put(page.timeline, page.layout)
        return [member_id for member_id, _, _ in changes]

    def _load(self, members: Sequence[str]) -> Mapping[str, Page]:
        rows = self._connection.execute(_SELECT_VERSIONS, {"members": list(members)})
        versions: dict[str, int] = {row.member_id: row.version for row in rows}
        pages, unknown = {}, []
        for member_id, version in versions.items():
            cached = self._cache.get(member_id, version)
            if cached:
                pages[member_id] = Page(*cached)
            else:
                unknown.append(member_id)
        for member_id, history in read_history(self._connection, unknown).items():
            folded = fold(Timeline(member_id), history)
            pages[member_id] = Page(folded, flatten(folded))
        return pages


def _write_versions(connection: Connection, changes: Changes) -> None:
    """The optimistic lock: a member whose version is not the one read loses the whole transaction."""
    known = [(before.timeline.member_id, before.timeline.sequence) for _, before, _ in changes if before]
    # Out with the old rows and in with the new: one statement each for any number of members.
    if known and connection.execute(_DELETE_VERSIONS, _AS_READ.these(known)).rowcount != len(known):
        raise Raced("TRANSACTION_RACED", "another writer was first on a timeline")
    try:
        insert_rows(connection, timeline, [_version_row(page) for _, _, page in changes])
    except IntegrityError as error:
        if is_duplicate(error):
            raise Raced("TRANSACTION_RACED", "another writer opened this timeline") from error
        raise


def _version_row(page: Page) -> dict[str, object]:
    return {
        "member_id": page.timeline.member_id,
        "version": page.timeline.sequence,
        "next_moment": next_moment(page.layout, page.timeline.announced),
    }
