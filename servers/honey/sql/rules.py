"""The port `Programmes`: rules are whole documents, one a revision, never changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.exc import IntegrityError

from domain.honey import refusals
from domain.honey.ladders import Ladder
from domain.honey.ports import Quoted
from domain.honey.programme import Programme
from domain.honey.rules import Rules
from domain.shared.doing import Doing
from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.honey.sql.documents import rules_document, rules_of
from servers.honey.sql.tables import rules as table
from servers.store.faults import is_duplicate
from servers.store.rows import insert_rows

_NEWEST = select(table.c.revision).order_by(table.c.revision.desc()).limit(1)
_IN_FORCE = (
    select(table.c.revision)
    .where(table.c.effective_time <= bindparam("at"))
    .order_by(table.c.revision.desc())
    .limit(1)
)
_FROM = select(table.c.revision).where(table.c.revision >= bindparam("first")).order_by(table.c.revision)


@dataclass(frozen=True)
class Revision:
    """Rules, and since when they are in force."""

    rules: Rules
    effective: Instant


class RulesMemory:
    """The revisions that this process has read: they never change."""

    def __init__(self) -> None:
        self.revisions: dict[int, Revision] = {}


class SqlProgrammes:
    """The port `Programmes` over one connection."""

    def __init__(self, connection: Connection, memory: RulesMemory) -> None:
        self._connection = connection
        self._memory = memory
        self._latest: Rules | None = None
        self._asked = False

    def get(self, programme_id: str) -> Programme:
        rules = self.latest()
        found = rules.programmes.get(programme_id) if rules else None
        if found is None:
            raise refusals.programme_not_found(programme_id)
        return found

    def latest(self) -> Rules | None:
        if not self._asked:
            number = self._connection.scalar(_NEWEST)
            self._latest = None if number is None else self.revision(number).rules
            self._asked = True
        return self._latest

    def ladders(self, programme_id: str) -> Sequence[Ladder]:
        self.get(programme_id)
        found = list[Ladder]()
        for number in self._connection.scalars(_FROM, {"first": 0}).all():
            revision = self.revision(number)
            programme = revision.rules.programmes.get(programme_id)
            tiers = programme.tiers if programme else None
            if tiers and (not found or found[-1].rules != tiers):
                found.append(Ladder(revision.effective, tiers))
        return found

    def _in_force_from(self, at: Instant) -> Iterator[int]:
        """The revision in force at an instant, and then the later ones."""
        latest = self.latest()
        if latest and self.revision(latest.revision).effective <= at:
            yield latest.revision
            return
        first = self._connection.scalar(_IN_FORCE, {"at": at}) or 0
        yield from self._connection.scalars(_FROM, {"first": first}).all()

    def revision(self, number: int) -> Revision:
        """Raises NotFound (RULES_NOT_FOUND)."""
        if number not in self._memory.revisions:
            row = self._connection.execute(select(table).where(table.c.revision == number)).one_or_none()
            if row is None:
                raise refusals.rules_not_found(number)
            programmes = {each.programme_id: each for each in rules_of(row.content)}
            self._memory.revisions[number] = Revision(Rules(number, programmes), row.effective_time)
        return self._memory.revisions[number]

    def quoted(self, programme_id: str, at: Instant) -> Quoted:
        for number in self._in_force_from(at):
            if programme := self.revision(number).rules.programmes.get(programme_id):
                return Quoted(number, programme)
        raise refusals.programme_not_found(programme_id)

    def of(self, revision: int, programme_id: str) -> Programme:
        return self.revision(revision).rules.programmes[programme_id]

    def add(self, rules: Rules, doing: Doing) -> None:
        row = {
            "revision": rules.revision,
            "effective_time": doing.now,
            "actor": doing.actor,
            "reason": doing.reason,
            "content": rules_document(rules),
        }
        try:
            insert_rows(self._connection, table, [row])
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("STALE_VERSION", "other rules were applied at this moment") from error
            raise
        self._latest, self._asked = rules, True
