"""Commands with defaults, and a unit of work that does one."""

from typing import Any

from domain.identity.catalog import Channel
from domain.identity.commands.grant import GrantTerm
from domain.identity.terms import Cause, CauseKind
from domain.shared.doing import Doing
from servers.identity.sql.unit import Unit
from tests.fakes import EPOCH
from tests.wire.identity.cards import MONTHLY
from tests.wire.identity.requests import new_id

NOW = Doing("a test", "", EPOCH)


def a_grant(member: str, sku: str = MONTHLY, **more: Any) -> GrantTerm:
    chosen = {"cause": Cause(CauseKind.TASK, new_id()), "term_id": new_id(), **more}
    return GrantTerm(member, sku, "tasks", Channel.INCENTIVE_TASK, **chosen)


def done(unit: Unit, use_case: Any, command: Any, doing: Doing = NOW) -> Any:
    """What the use case returns; its writes are kept for the flush."""
    result = use_case(command, unit.ports, doing)
    unit.keep()
    return result
