"""The list, telling people of every change of it: a decorator of the port."""

from sqlalchemy import Connection

from domain.risk.ports import Rules, Suspects
from domain.risk.subjects import Subject
from domain.risk.suspects import Change, Entry
from servers.risk.alerting import tell


class TellingSuspects:
    """The port `Suspects`; what it writes has its alert in the same transaction."""

    def __init__(self, connection: Connection, inner: Suspects, rules: Rules) -> None:
        self._connection = connection
        self._inner = inner
        self._rules = rules

    def get(self, subject: Subject) -> Entry:
        return self._inner.get(subject)

    def write(self, change: Change) -> None:
        before = self._inner.get(change.entry.subject)
        self._inner.write(change)
        tell(self._connection, [(before, change)], self._rules.latest())
