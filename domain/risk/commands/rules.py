"""Putting rules in force: planned, confirmed if they are dangerous, and never lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.risk.chain import digest
from domain.risk.ports import Doing, RiskPorts
from domain.risk.rules import Rule, RuleSet
from domain.risk.rules_diff import RuleChange, diff, numbered
from domain.shared.errors import Raced, Refused


@dataclass(frozen=True, slots=True)
class ApplyRules:
    """Replace the rules, which must have been checked. `expected_revision` 0: whichever is current."""

    rules: tuple[Rule, ...]
    dangers: tuple[str, ...]
    """What speaks against them, by the rules and the traffic there are: see `dangers`."""
    expected_revision: int = 0
    plan_etag: str = ""


@dataclass(frozen=True)
class Planned:
    """What rules change, or changed."""

    rules: RuleSet
    changes: Sequence[RuleChange]
    dangers: Sequence[str]
    etag: str


def plan_rules(command: ApplyRules, ports: RiskPorts, _: Doing) -> Planned:
    """Say what applying would do. Raises Raced (STALE_VERSION)."""
    old = ports.rules.latest()
    if command.expected_revision and command.expected_revision != old.revision:
        raise Raced("STALE_VERSION", "the rules have changed", current_version=str(old.revision))
    wanted = RuleSet(old.revision, command.rules)
    changes = diff(old, wanted)
    etag = digest(RuleSet(old.revision, command.rules))
    if not changes:
        return Planned(old, (), (), etag)
    return Planned(numbered(old, wanted, ports.rules.highest_versions()), changes, command.dangers, etag)


def apply_rules(command: ApplyRules, ports: RiskPorts, doing: Doing) -> Planned:
    """Put the rules in force.

    Raises Raced (STALE_VERSION; STALE_PREVIEW if the etag is not that of a plan for these rules on the
    current ones) and Refused (CONFIRMATION_REQUIRED) if they are dangerous and no plan was made.
    """
    planned = plan_rules(command, ports, doing)
    if not planned.changes:
        return planned
    if command.plan_etag and command.plan_etag != planned.etag:
        raise Raced("STALE_PREVIEW", "the rules, or the plan, have changed: plan again")
    if planned.dangers and not command.plan_etag:
        raise Refused(
            "CONFIRMATION_REQUIRED",
            "plan these rules and read the warnings: " + planned.dangers[0],
            warnings=str(len(planned.dangers)),
        )
    ports.rules.add(planned.rules, doing)
    return planned
