"""Rules are replaced as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.honey.ports import HoneyPorts
from domain.honey.programme import Programme
from domain.honey.rule_changes import changes
from domain.honey.rules import NONE, Rules
from domain.honey.rules_check import violations
from domain.shared.doing import Doing
from domain.shared.errors import Invalid, Raced


@dataclass(frozen=True, slots=True)
class ApplyRules:
    """Replace the rules. `expected_revision` 0: whichever is current."""

    programmes: Sequence[Programme]
    expected_revision: int = 0


@dataclass(frozen=True, slots=True)
class Applied:
    """The revision in force afterwards, and what changed."""

    revision: int
    changes: Sequence[str]


def apply_rules(command: ApplyRules, ports: HoneyPorts, doing: Doing) -> Applied:
    """Raises Invalid (RULES_INCONSISTENT) with every violation, and Raced (STALE_VERSION)."""
    applied, rules = _planned(command, ports)
    if applied.changes:
        ports.programmes.add(rules, doing)
    return applied


def plan_rules(command: ApplyRules, ports: HoneyPorts, _: Doing) -> Applied:
    """What applying them would do. Raises the same."""
    return _planned(command, ports)[0]


def _planned(command: ApplyRules, ports: HoneyPorts) -> tuple[Applied, Rules]:
    before = ports.programmes.latest() or NONE
    if command.expected_revision not in (0, before.revision):
        raise Raced("STALE_VERSION", "the rules have changed", current_version=str(before.revision))
    if found := violations(before, command.programmes):
        raise Invalid(found, "RULES_INCONSISTENT", "the rules contradict themselves")
    programmes = {programme.programme_id: programme for programme in command.programmes}
    told = changes(before.programmes, programmes)
    revision = before.revision + 1 if told else before.revision
    return Applied(revision, told), Rules(revision, programmes)
