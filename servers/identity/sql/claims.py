"""What can be used once: causes of terms, and trial families."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import IntegrityError

from domain.identity.terms import Cause
from domain.shared.errors import Raced
from servers.identity.sql.tables import term, trial
from servers.store.faults import is_duplicate
from servers.store.keys import Among
from servers.store.overlay import Log, Overlay
from servers.store.rows import insert_rows

_AMONG_CAUSES = Among(term.c.cause_kind, term.c.cause_id, indexed=2)
_SELECT_CAUSES = select(term.c.cause_kind, term.c.cause_id, term.c.member_id, term.c.term_id).where(
    _AMONG_CAUSES.condition
)
_AMONG_USES = Among(trial.c.trial_family, trial.c.subject, indexed=2)
_SELECT_TRIALS = select(trial.c.trial_family, trial.c.subject, trial.c.term_id).where(_AMONG_USES.condition)

CauseKey = tuple[str, str]
Use = tuple[str, str]
"""A trial family and who used it."""


class SqlClaims:
    """The port `Claims` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.causes: Overlay[CauseKey, tuple[str, str]] = Overlay(self._load_causes)
        self.trials: Overlay[Use, str] = Overlay(self._load_trials)
        self.released: Log[str] = Log()

    def given(self, cause: Cause) -> tuple[str, str] | None:
        return self.causes.get((cause.kind.value, cause.id))

    def give(self, cause: Cause, member_id: str, term_id: str) -> None:
        # The row itself is the term's: its unique key refuses a second use by another process.
        self.causes.put((cause.kind.value, cause.id), (member_id, term_id))

    def trial_used(self, family: str, subjects: Sequence[str]) -> bool:
        self.trials.prefetch((family, subject) for subject in subjects)
        return any(self.trials.get((family, subject)) for subject in subjects)

    def use_trial(self, family: str, subjects: Sequence[str], term_id: str) -> None:
        for subject in subjects:
            self.trials.put((family, subject), term_id)

    def release_trial(self, term_id: str) -> None:
        self.released.add(term_id)

    def unite_trials(self, merged: str, survivor: str) -> None:
        query = select(trial.c.trial_family, trial.c.term_id).where(trial.c.subject == f"m:{merged}")
        used = {row.trial_family: row.term_id for row in self._connection.execute(query)}
        unwritten = self.trials.unwritten().items()
        used |= {family: term_id for (family, subject), term_id in unwritten if subject == f"m:{merged}"}
        for family, term_id in used.items():
            if not self.trials.get((family, f"m:{survivor}")):
                self.trials.put((family, f"m:{survivor}"), term_id)

    def flush(self) -> None:
        if self.released.kept:
            self._connection.execute(delete(trial).where(trial.c.term_id.in_(self.released.kept)))
        rows = [
            {"trial_family": family, "subject": subject, "term_id": term_id}
            for (family, subject), before, term_id in self.trials.changes()
            if before is None and term_id not in self.released.kept
        ]
        try:
            insert_rows(self._connection, trial, rows)
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("TRANSACTION_RACED", "another writer uses this trial") from error
            raise

    def _load_causes(self, keys: Sequence[CauseKey]) -> Mapping[CauseKey, tuple[str, str]]:
        rows = self._connection.execute(_SELECT_CAUSES, _AMONG_CAUSES.these(keys))
        return {(kind, cause_id): (member_id, term_id) for kind, cause_id, member_id, term_id in rows}

    def _load_trials(self, uses: Sequence[Use]) -> Mapping[Use, str]:
        rows = self._connection.execute(_SELECT_TRIALS, _AMONG_USES.these(uses))
        return {(family, subject): term_id for family, subject, term_id in rows}
