"""Looks back at what was decided: who belongs on the list, and which rule refuses too many.

A job under a lease follows the decisions by their number. What it has seen is kept in memory, and seen again
from the table when it starts: up to its cursor it only remembers, behind it acts. The changes of the list,
their alerts and the cursor are one transaction.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog
from sqlalchemy import Connection

from domain.risk.blast import Blasting, BlastRadius, Trip
from domain.risk.detection import Decided, Detection, Sighting
from domain.risk.evidence import Truth
from domain.risk.facts import Facts
from domain.risk.rules import Outcome, RuleSet, Spread
from domain.risk.states import mildest
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.suspects import Change
from domain.shared.errors import Raced, Unavailable
from domain.shared.instants import HOUR, Instant
from servers.mesh.clock import Clock
from servers.mesh.judging.record import DecisionRecord
from servers.risk.catching import catch
from servers.risk.engine import Assessment, Engine
from servers.risk.sql.cursors import move_cursor, read_cursor
from servers.risk.sql.decisions import Numbered, decisions_after, number_before
from servers.risk.sql.rules import SqlRules
from servers.risk.tripping import tell_of_failing, trip
from servers.store.faults import CommitUnknown
from servers.store.leases import Lease
from servers.store.store import Store

_log = structlog.get_logger("nectary.detector")

CURSOR = "detector"
AT_ONCE = 2_000
"""Decisions of one transaction: all that they change is written together."""
BREATHES_EVERY = 20
"""Calls looked at before others have their turn."""
POLL_SECONDS = 0.2
BLAST_SECONDS = 1.0
MAX_REASON = 200
TROUBLE = (Raced, Unavailable, CommitUnknown, OSError)
"""What passes by itself."""


class Detector:
    """One life of the job. `run` follows for ever; tests look once with `catch_up` and `watch_rules`."""

    def __init__(self, store: Store, clock: Clock, engine: Engine | None = None) -> None:
        self._store = store
        self._clock = clock
        self._engine = engine
        self._detection = Detection()
        self._blast = BlastRadius()
        self._rules = RuleSet(-1)
        self._heard = -1
        """Number of the last decision that was looked at; -1 before the first."""
        self._done = 0
        """Number of the last one that was acted on."""
        self._sightings: list[Sighting] = []
        """Not acted on yet."""
        self._failing: dict[tuple[str, str, int], Instant] = {}
        """Rule, scene and revision of conditions that failed, by when that was told."""

    async def run(self, lease: Lease) -> None:
        """Follow the decisions: a job for a lease."""
        loop = asyncio.get_running_loop()
        watched = loop.time()
        while True:
            heard = 0
            try:
                heard = await self.look(lease)
                if loop.time() - watched >= BLAST_SECONDS:
                    watched = loop.time()
                    await self.watch_rules(lease)
            except TROUBLE as error:
                _log.warning("detector_waits", error=repr(error))
            if heard < AT_ONCE:
                await asyncio.sleep(POLL_SECONDS)

    async def catch_up(self, lease: Lease) -> None:
        """Look at all decisions there are. Raises LeaseLost, and TROUBLE."""
        while await self.look(lease):
            pass

    async def look(self, lease: Lease) -> int:
        """Look at the next AT_ONCE decisions; how many there were. Raises LeaseLost, and TROUBLE."""
        self._rules = await self._store.read(_in_force, self._rules)
        if self._heard < 0:
            await self._begin()
        batch = await self._store.read(decisions_after, self._heard, AT_ONCE)
        await self._hear(batch)
        for change in await self._act(lease):
            _log.info("subject_listed", subject=str(change.entry.subject), state=change.entry.state.value)
        return len(batch)

    async def watch_rules(self, lease: Lease) -> list[Trip]:
        """Put into shadow whatever refuses too many; which. Raises LeaseLost, and TROUBLE."""
        found = list(self._blast.tripped(self._clock.now()))
        for tripped in found:
            if await self._store.transact(_trip, lease, tripped, self._clock.now()):
                _log.error("rule_put_into_shadow", rule_id=tripped.what.rule_id, scene=tripped.what.scene)
            self._blast.forget(tripped.what)
        return found

    async def _begin(self) -> None:
        """Look back as far as any rule does."""
        since = self._clock.now() - _longest_window(self._rules)
        self._done = await self._store.read(read_cursor, CURSOR)
        self._heard = min(await self._store.read(number_before, since), self._done)

    async def _hear(self, batch: Sequence[Numbered]) -> None:
        for index, (number, record) in enumerate(batch):
            if index % BREATHES_EVERY == 0:
                await asyncio.sleep(0)
            self._heard = number
            try:
                call = decided_of(record)
            except ValueError as error:
                _log.error("decision_is_no_call", decision_id=record.decision_id, error=str(error))
                continue
            seen = self._detection.heard(call, self._rules)
            self._sightings += seen if number > self._done else ()
            self._measure(call)
            if number > self._done and (failed := failed_conditions(record)):
                await self._tell_of(failed, record)

    async def _tell_of(self, failed: Sequence[str], record: DecisionRecord) -> None:
        """Once an hour of each."""
        now = self._clock.now()
        keys = [(rule_id, record.scene, record.revision) for rule_id in failed]
        fresh = [key for key in keys if now - self._failing.get(key, -HOUR) >= HOUR]
        if fresh:
            found = [(rule_id, scene) for rule_id, scene, _ in fresh]
            await self._store.transact(tell_of_failing, self._rules, found, now)
            self._failing |= dict.fromkeys(fresh, now)

    def _measure(self, call: Decided) -> None:
        """For the blast radius of rules."""
        scene, who = call.facts.scene, _who(call.facts)
        self._blast.called(scene, who, call.at)
        if call.outcome is not Outcome.ALLOW and call.rule_id:
            self._blast.refused(Blasting(call.rule_id, call.rule_version, scene), who, call.at)

    async def _act(self, lease: Lease) -> list[Change]:
        if self._heard <= self._done:
            return []
        if self._engine is not None:
            self._sightings = await _advised(self._engine, self._sightings)
        changes = await self._store.transact(
            _catch, lease, self._sightings, self._rules, self._clock.now(), self._heard
        )
        self._done, self._sightings = self._heard, []
        return changes


def decided_of(record: DecisionRecord) -> Decided:
    """Raises ValueError if the record names no possible subjects."""
    facts = Facts(
        scene=record.scene,
        method=record.method,
        caller=record.caller,
        role=record.role,
        cost=record.cost,
        subjects=tuple(Subject(SubjectKind(kind), value) for kind, value in record.subjects),
        authenticated=frozenset(SubjectKind(kind) for kind in record.authenticated),
    )
    outcome = Outcome(record.outcome)
    return Decided(record.decision_id, record.time, facts, outcome, record.rule_id, record.rule_version)


def failed_conditions(record: DecisionRecord) -> list[str]:
    """Rules whose conditions could not be evaluated for this call."""
    conditions = record.evidence.get("conditions") if isinstance(record.evidence, dict) else None
    found = conditions.items() if isinstance(conditions, dict) else ()
    return [str(rule_id) for rule_id, truth in found if truth == Truth.ERROR]


def _who(facts: Facts) -> str:
    """One name for who calls, as far as it is known."""
    for kind in (SubjectKind.MEMBER, SubjectKind.DEVICE, SubjectKind.ADDRESS):
        for value in facts.named(kind):
            return f"{kind.value}:{value}"
    return f"{SubjectKind.CALLER.value}:{facts.caller}"


def _longest_window(rules: RuleSet) -> int:
    spreads = (rule.effect.window_ms for rule in rules.rules if isinstance(rule.effect, Spread))
    strikes = (rule.strikes.window_ms for rule in rules.rules if rule.strikes)
    return max(HOUR, *(window_ms * 1_000 for window_ms in (*spreads, *strikes)))


async def _advised(engine: Engine, sightings: Sequence[Sighting]) -> list[Sighting]:
    """With what the company's engine knows of them, within their ceilings."""
    answers = await asyncio.gather(*(engine.assess(one.subject, one.scene) for one in sightings))
    return [_raised(one, answer) for one, answer in zip(sightings, answers, strict=True)]


def _raised(sighting: Sighting, answer: Assessment | None) -> Sighting:
    if answer is None or answer.state.rank <= sighting.state.rank:
        return sighting
    reason = f"{sighting.reason}; the engine says {answer.state.value}: {answer.reason}"
    return replace(sighting, state=mildest(answer.state, sighting.most), reason=reason[:MAX_REASON])


def _in_force(connection: Connection, known: RuleSet) -> RuleSet:
    return SqlRules(connection).newer_than(known.revision) or known


def _catch(
    connection: Connection,
    lease: Lease,
    sightings: Sequence[Sighting],
    rules: RuleSet,
    now: Instant,
    number: int,
) -> list[Change]:
    lease.confirm(connection)
    changes = catch(connection, sightings, rules, now)
    move_cursor(connection, CURSOR, number)
    return changes


def _trip(connection: Connection, lease: Lease, tripped: Trip, now: Instant) -> bool:
    lease.confirm(connection)
    return trip(connection, tripped, now)
