"""Puts on the list whom the detector saw, with the alert that tells of it: one transaction for many."""

from collections.abc import Iterable

from sqlalchemy import Connection

from domain.risk.chain import digest
from domain.risk.detection import Sighting
from domain.risk.listing import suspect
from domain.risk.rules import RuleSet
from domain.risk.states import State
from domain.risk.suspects import Cause, Change, Entry
from domain.shared.instants import Instant
from servers.risk.alerting import tell
from servers.risk.sql.many_suspects import ManySuspects


def catch(
    connection: Connection, sightings: Iterable[Sighting], rules: RuleSet, now: Instant
) -> list[Change]:
    """List them; what changed. A sighting that was acted on before changes nothing.

    Raises Raced if somebody changes one of the entries at this moment.
    """
    # Of several sightings of a subject the hardest comes last, and in one order for all who write.
    in_order = sorted(sightings, key=lambda one: (one.subject, one.state.rank))
    suspects = ManySuspects(connection, [(one.subject, one.event_id) for one in in_order])
    changes: list[tuple[Entry, Change]] = []
    for sighting in in_order:
        before = suspects.get(sighting.subject)
        if _is_old_news(sighting, before, now) or suspects.has_seen(sighting.subject, sighting.event_id):
            continue
        change = suspect(before, sighting.state, _cause(sighting), now, sighting.most)
        if change is not None:
            suspects.put(change)
            changes.append((before, change))
    suspects.flush()
    tell(connection, changes, rules)
    return [change for _, change in changes]


def _is_old_news(sighting: Sighting, entry: Entry, now: Instant) -> bool:
    """Whether a person who let the subject go has already judged some of it."""
    return entry.state_at(now) is State.RELEASED and sighting.since < entry.since


def _cause(sighting: Sighting) -> Cause:
    return Cause(
        actor=f"rule:{sighting.rule.rule_id}",
        reason=sighting.reason,
        event_id=sighting.event_id,
        rule_id=sighting.rule.rule_id,
        rule_version=sighting.rule.version,
        scene=sighting.scene,
        evidence_digest=digest(sighting),
        decision_ids=sighting.decision_ids,
    )
