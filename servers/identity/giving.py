"""Terms that events of other services ask for: all of them, or none and the reason for ever."""

from collections.abc import Sequence

from domain.identity.commands.grant import GrantTerm, grant_term
from domain.shared.doing import Doing
from domain.shared.errors import DomainError
from servers.identity.calendar_end import within_calendar
from servers.identity.sql.unit import Unit


def give(grants: Sequence[GrantTerm], unit: Unit, doing: Doing) -> str:
    """The reason of the refusal; empty if they are given. Raises what may be otherwise another time."""
    reason = ""
    try:
        with within_calendar():
            for grant in grants:
                grant_term(grant, unit.ports, doing)
        unit.keep()
    except DomainError as refusal:
        if not refusal.permanent:
            raise
        unit.drop()
        # A refusal counts only if it does not come from rows of different moments.
        unit.confirm()
        reason = refusal.reason
    unit.flush()
    return reason
