"""The ports of a use case over one connection, with alerts of what becomes of the list."""

from sqlalchemy import Connection

from domain.risk.ports import RiskPorts
from domain.risk.subjects import Subject
from domain.risk.suspects import Change, Entry
from servers.risk.alerting import tell
from servers.risk.sql.appeals import SqlAppeals
from servers.risk.sql.rules import SqlRules
from servers.risk.sql.suspects import SqlSuspects


def ports_over(connection: Connection) -> RiskPorts:
    """They see one transaction."""
    return RiskPorts(SqlRules(connection), ToldSuspects(connection), SqlAppeals(connection))


class ToldSuspects:
    """The port `Suspects`: each change has people told of it in its own transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._suspects = SqlSuspects(connection)
        self._read: dict[Subject, Entry] = {}

    def get(self, subject: Subject) -> Entry:
        entry = self._suspects.get(subject)
        self._read[subject] = entry
        return entry

    def write(self, change: Change) -> None:
        self._suspects.write(change)
        before = self._read[change.entry.subject]
        tell(self._connection, [(before, change)], SqlRules(self._connection).latest())
        self._read[change.entry.subject] = change.entry
