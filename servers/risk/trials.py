"""Recorded calls decided again: by the rules that they cite, or by a draft.

They are read in batches, the oldest first, and decided in a thread, so that calls go on meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection

from domain.risk.decisions import Decision, decide
from domain.risk.heat import HeatMap
from domain.risk.rules import Outcome, RuleSet
from domain.risk.simulation import Ask, asked_anew
from domain.risk.trial import Trial
from domain.shared.errors import NotFound
from servers.mesh.judging.conditions import Conditions
from servers.mesh.judging.record import DecisionRecord
from servers.risk.sql.decision_lists import Filter, decisions_following, evidence_of, first_of_newest
from servers.risk.sql.rules import SqlRules
from servers.risk.wire.decisions import recorded
from servers.store.store import Store

MOST_DECISIONS = 100_000
MOST_DIFFERENCES = 100
AT_ONCE = 1_000


class Difference(NamedTuple):
    """A decision that comes out differently."""

    record: DecisionRecord
    replayed: Decision


@dataclass
class Replayed:
    """What became of the decisions of a period."""

    replayed: int = 0
    same: int = 0
    unreadable: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass
class Tried:
    """A trial, and how many calls it could not hear."""

    trial: Trial
    unreadable: int = 0


def asking(rules: RuleSet) -> Ask:
    """Evaluates the conditions of a draft. Raises ValueError if one cannot be one."""
    return Conditions(rules.rules, _unheard).truth


class Trials:
    """Reads recorded calls and has them decided."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def replay(self, wanted: Filter, draft: RuleSet | None) -> Replayed:
        """Decide the newest MOST_DECISIONS again. Of a draft, limits that were not counted say nothing."""
        result, known = Replayed(), dict[int, RuleSet | None]()
        again = _by_draft(draft) if draft else _by_cited(known)
        async for batch in self._batches(wanted, MOST_DECISIONS):
            if not draft:
                await self._learn(known, {record.revision for record in batch})
            await asyncio.to_thread(_replay, batch, again, result)
        return result

    async def simulate(self, wanted: Filter, draft: RuleSet, most: int = MOST_DECISIONS) -> Tried:
        """Put the newest `most` before a draft."""
        tried = Tried(Trial(draft, asking(draft)))
        async for batch in self._batches(wanted, most):
            await asyncio.to_thread(_hear, batch, tried)
        return tried

    async def heat(self, wanted: Filter, most: int) -> HeatMap:
        """Who used how much of which limit, by the newest `most`."""
        heat, known = HeatMap(), dict[int, RuleSet | None]()
        async for batch in self._batches(wanted, most):
            await self._learn(known, {record.revision for record in batch})
            await asyncio.to_thread(_warm, batch, known, heat)
        return heat

    async def _batches(self, wanted: Filter, most: int) -> AsyncIterator[Sequence[DecisionRecord]]:
        place = await self._store.read(first_of_newest, wanted, most)
        while batch := await self._store.read(decisions_following, wanted, place, AT_ONCE):
            place = batch[-1].id
            yield sorted((one.record for one in batch), key=_moment)

    async def _learn(self, known: dict[int, RuleSet | None], revisions: set[int]) -> None:
        """Read the rules of revisions that we did not meet yet; None for those that are gone."""
        for revision in revisions - known.keys():
            known[revision] = await self._store.read(_rules_of, revision)


def _moment(record: DecisionRecord) -> tuple[int, int, str]:
    """Refusals reach the table before what was let through. Ids of one process count up."""
    return record.time, len(record.decision_id), record.decision_id


def _rules_of(connection: Connection, revision: int) -> RuleSet | None:
    try:
        return SqlRules(connection).revision(revision).rules
    except NotFound:
        return None


Again = Callable[[DecisionRecord], Decision]
"""Raises ValueError if it cannot be told."""


def _by_cited(known: dict[int, RuleSet | None]) -> Again:
    def again(record: DecisionRecord) -> Decision:
        rules = known[record.revision]
        if rules is None:
            raise ValueError("its rules are gone")
        return decide(rules, evidence_of(record))

    return again


def _by_draft(draft: RuleSet) -> Again:
    ask = asking(draft)
    return lambda record: decide(draft, asked_anew(draft, evidence_of(record), ask))


def _replay(batch: Sequence[DecisionRecord], again: Again, result: Replayed) -> None:
    for record in batch:
        try:
            replayed = again(record)
        except ValueError:
            result.unreadable += 1
            continue
        result.replayed += 1
        if is_same(record, replayed):
            result.same += 1
        elif len(result.differences) < MOST_DIFFERENCES:
            result.differences.append(Difference(record, replayed))


def is_same(record: DecisionRecord, replayed: Decision) -> bool:
    """Whether the outcome, its reason and its rule are those that were recorded."""
    was = recorded(record)
    return (was.outcome, was.reason, was.rule_id) == (replayed.outcome, replayed.reason, replayed.rule_id)


def _hear(batch: Sequence[DecisionRecord], tried: Tried) -> None:
    for record in batch:
        try:
            tried.trial.hear(evidence_of(record), Outcome(record.outcome))
        except ValueError:
            tried.unreadable += 1


def _warm(batch: Sequence[DecisionRecord], known: dict[int, RuleSet | None], heat: HeatMap) -> None:
    for record in batch:
        if rules := known[record.revision]:
            # Evidence that cannot be read tells nothing of anybody.
            with suppress(ValueError):
                heat.hear(rules, evidence_of(record), Outcome(record.outcome))


def _unheard(_rule_id: str, _error: str) -> None:
    """Conditions of a draft fail without anybody being alarmed: their truth says so."""
