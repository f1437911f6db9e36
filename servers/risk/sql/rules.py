"""Rule sets: whole documents, one a revision, never changed."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.exc import IntegrityError

from domain.risk.canonical import decoded, encoded
from domain.risk.ports import Doing
from domain.risk.rules import RuleSet
from domain.shared.errors import NotFound, Raced
from domain.shared.instants import Instant
from servers.mesh.judging.shipped import SHIPPED
from servers.risk.sql.tables import rule_set, rule_version
from servers.store.faults import is_duplicate

_NEWEST = select(rule_set).order_by(rule_set.c.revision.desc()).limit(1)


class Revision(NamedTuple):
    """Rules, and who put them in force when and why."""

    rules: RuleSet
    effective: Instant | None = None
    """None: they are shipped."""
    actor: str = ""
    reason: str = ""


class SqlRules:
    """The port `Rules` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def latest(self) -> RuleSet:
        return _revision(self._connection.execute(_NEWEST).first()).rules

    def newer_than(self, revision: int) -> RuleSet | None:
        """The latest rules, unless that is their revision: cheap to ask again and again."""
        newest = self._connection.scalar(select(func.max(rule_set.c.revision)))
        return None if (newest or SHIPPED.revision) == revision else self.latest()

    def in_force(self, at: Instant) -> Revision:
        """The revision in force at an instant."""
        return _revision(self._connection.execute(_NEWEST.where(rule_set.c.effective_time <= at)).first())

    def revision(self, number: int) -> Revision:
        """One revision. Raises NotFound (RULES_NOT_FOUND)."""
        if number == SHIPPED.revision:
            return Revision(SHIPPED)
        row = self._connection.execute(select(rule_set).where(rule_set.c.revision == number)).first()
        if row is None:
            raise NotFound("RULES_NOT_FOUND", "no rules have this revision", revision=str(number))
        return _revision(row)

    def highest_versions(self) -> Mapping[str, int]:
        shipped = {rule.rule_id: rule.version for rule in SHIPPED.rules}
        rows = self._connection.execute(
            select(rule_version.c.rule_id, func.max(rule_version.c.version)).group_by(rule_version.c.rule_id)
        )
        return shipped | {row.rule_id: row[1] for row in rows}

    def add(self, rules: RuleSet, doing: Doing) -> None:
        known = self.highest_versions()
        row = {
            "revision": rules.revision,
            "effective_time": doing.now,
            "actor": doing.actor,
            "reason": doing.reason,
            "content": encoded(rules).encode(),
        }
        try:
            self._connection.execute(insert(rule_set), [row])
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("STALE_VERSION", "other rules were applied at this moment") from error
            raise
        news = [
            {
                "rule_id": rule.rule_id,
                "version": rule.version,
                "revision": rules.revision,
                "content": encoded(rule).encode(),
            }
            for rule in rules.rules
            if rule.version > known.get(rule.rule_id, 0)
        ]
        if news:
            self._connection.execute(insert(rule_version), news)


def _revision(row: Row[tuple[object, ...]] | None) -> Revision:
    if row is None:
        return Revision(SHIPPED)
    return Revision(decoded(RuleSet, row.content), row.effective_time, row.actor, row.reason)
