"""Puts a rule that refuses too many into shadow, and has its owner told: one transaction."""

from sqlalchemy import Connection

from domain.risk.alerts import GroupKey, Happening
from domain.risk.blast import Trip, shadowed
from domain.risk.ports import Doing
from domain.risk.rules_diff import numbered
from domain.shared.instants import DAY, Instant
from servers.risk.sql.alert_groups import note
from servers.risk.sql.rules import SqlRules

ACTOR = "job:blast-radius"
TOLD_FOR = DAY
"""After this the alert ends by itself; the rule stays in shadow until a person applies rules."""


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
