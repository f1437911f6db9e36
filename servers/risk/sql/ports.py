"""All ports of a use case over one connection."""

from sqlalchemy import Connection

from domain.risk.ports import RiskPorts
from servers.risk.sql.appeals import SqlAppeals
from servers.risk.sql.rules import SqlRules
from servers.risk.sql.suspects import SqlSuspects
from servers.risk.sql.telling import TellingSuspects


def ports_over(connection: Connection) -> RiskPorts:
    """They see one transaction."""
    rules = SqlRules(connection)
    suspects = TellingSuspects(connection, SqlSuspects(connection), rules)
    return RiskPorts(rules, suspects, SqlAppeals(connection))
