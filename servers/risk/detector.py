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

from domain.risk.blast import BlastRadius, Blasting, Trip
from domain.risk.detection import Decided, Detection, Sighting
from domain.risk.facts import Facts
from domain.risk.rules import Outcome, RuleSet
from domain.risk.states import hardest, mildest
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.suspects import Change
from domain.shared.errors import Raced, Unavailable
from domain.shared.instants import DAY
from servers.mesh.clock import Clock
from servers.mesh.judging.record import DecisionRecord
from servers.risk.catching import catch
from servers.risk.engine import Engine
from servers.risk.sql.cursors import move_cursor, read_cursor
from servers.risk.sql.decisions import Numbered, decisions_after, last_number_before
from servers.risk.sql.rules import SqlRules
from servers.risk.tripping import trip
from servers.store.faults import CommitUnknown
from servers.store.leases import Lease
from servers.store.store import Store

_log = structlog.get_logger("nectary.detector")

CURSOR = "detector"
AT_ONCE = 200
BREATHES_EVERY = 20
"""Calls looked at before others have their turn."""
POLL_SECONDS = 0.2
BLAST_SECONDS = 1.0
LOOKS_BACK = DAY
"""The longest window of a rule."""
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
        self._number: int | None = None
        """Of the last decision that was looked at."""
        self._cursor = 0
        """Of the last one that was acted on."""

    async def run(self, lease: Lease) -> None:
        """Follow the decisions: a job for a lease."""
        loop = asyncio.get_running_loop()
        watched = loop.time()
        while True:
            try:
                await self.catch_up(lease)
                if loop.time() - watched >= BLAST_SECONDS:
                    watched = loop.time()
                    await self.watch_rules(lease)
            except TROUBLE as error:
                _log.warning("detector_waits", error=repr(error))
            await asyncio.sleep(POLL_SECONDS)

    async def catch_up(self, lease: Lease) -> list[Change]:
        """Look at all decisions there are; how the list changed. Raises LeaseLost, and TROUBLE."""
        if self._number is None:
            await self._begin()
        changes: list[Change] = []
        while batch := await self._store.read(decisions_after, self._number, AT_ONCE):
            self._rules = await self._store.read(_in_force)
            sightings = await self._advised(await self._seen(batch))
            changes += await self._store.transact(self._act, lease, sightings, batch[-1].id)
            self._number = batch[-1].id
            self._cursor = max(self._cursor, self._number)
        for change in changes:
            _log.info("subject_listed", subject=str(change.entry.subject), state=change.entry.state.value)
        return changes

    async def watch_rules(self, lease: Lease) -> list[Trip]:
        """Put into shadow whatever refuses too many; which. Raises LeaseLost, and TROUBLE."""
        found = list(self._blast.tripped(self._clock.now()))
        for tripped in found:
            if await self._store.transact(_trip, lease, tripped, self._clock.now()):
                _log.error("rule_put_into_shadow", rule_id=tripped.what.rule_id, scene=tripped.what.scene)
            self._blast.forget(tripped.what)
        return found
