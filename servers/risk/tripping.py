"""Rules that do harm: one that refuses too many goes into shadow; its owner is told, in one transaction.

And so is the owner of one whose condition cannot be evaluated: for such calls it is off.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from domain.risk.alerts import GroupKey, Happening
from domain.risk.blast import Trip, shadowed
from domain.risk.ports import Doing
from domain.risk.rules import RuleSet
from domain.risk.rules_diff import numbered
from domain.shared.instants import DAY, Instant
from servers.risk.sql.alert_groups import note
from servers.risk.sql.rules import SqlRules

ACTOR = "job:blast-radius"
TOLD_FOR = DAY
"""After this the alert ends by itself; the rule stays in shadow until a person applies rules."""


def tell_of_failing(
    connection: Connection, rules: RuleSet, failing: Iterable[tuple[str, str]], now: Instant
) -> None:
    """Have the owners told of rules, by id and scene, whose conditions could not be evaluated."""
    owners = {rule.rule_id: rule.owner for rule in rules.rules}
    told = "its condition cannot be evaluated: for such calls the rule is off"
    event = Happening(now, told, opens=True, until=now + TOLD_FOR)
    note(
        connection,
        {GroupKey(scene, rule, owners[rule]): [event] for rule, scene in failing if rule in owners},
    )


def trip(connection: Connection, tripped: Trip, now: Instant) -> bool:
    """Whether the rule went into shadow: not if it is there, or another version is in force, by now.

    Raises Raced if other rules are applied at this moment.
    """
    rules, what = SqlRules(connection), tripped.what
    before = rules.latest()
    after = shadowed(before, what)
    if after == before:
        return False
    reason = f"newly refused {tripped.newly_refused} of {tripped.active} active in {what.scene}"
    rules.add(numbered(before, after, rules.highest_versions()), Doing(ACTOR, now, reason))
    owner = next(rule.owner for rule in before.rules if rule.rule_id == what.rule_id)
    told = f"rule put into shadow: {reason}"
    note(
        connection,
        {GroupKey(what.scene, what.rule_id, owner): [Happening(now, told, opens=True, until=now + TOLD_FOR)]},
    )
    return True
