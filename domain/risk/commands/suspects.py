"""What people do with the list: confirm, release, allow, snooze."""

from dataclasses import dataclass

from domain.risk.appeals import Appeal, AppealState
from domain.risk.listing import allow, confirm, release, snooze
from domain.risk.ports import Doing, RiskPorts
from domain.risk.states import State
from domain.risk.strikes import lifetime, strikes_left
from domain.risk.subjects import Subject, SubjectKind
from domain.risk.suspects import Cause, Entry
from domain.shared.errors import FieldViolation, Forbidden, Invalid, Raced, Refused
from domain.shared.instants import Instant

DENIABLE = frozenset({SubjectKind.MEMBER, SubjectKind.DEVICE, SubjectKind.ADDRESS, SubjectKind.PAYMENT})
"""The blacklist is for those who use the platform: a caller is refused by the access policy."""


@dataclass(frozen=True, slots=True)
class ConfirmSuspect:
    """Put a subject on the blacklist. `expires` None: as long as automation would. `version` 0: any."""

    subject: Subject
    expires: Instant | None
    version: int = 0


@dataclass(frozen=True, slots=True)
class ReleaseSuspect:
    """Let a subject go. `only_below_confirmed`: who asks may not release from the blacklist."""

    subject: Subject
    version: int = 0
    only_below_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class AllowSubject:
    """Let a subject through until then; with a rule, whatever that one says."""

    subject: Subject
    expires: Instant
    rule_id: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list says of a subject afterwards, and its last appeal."""

    entry: Entry
    appeal: Appeal | None


def confirm_suspect(command: ConfirmSuspect, ports: RiskPorts, doing: Doing) -> Listed:
    """Deny a subject. Raises Invalid, Raced (STALE_VERSION)."""
    if command.subject.kind not in DENIABLE:
        description = "only members, devices, addresses and payments can be denied"
        raise Invalid([FieldViolation("subject.kind", "KIND_UNSUITED", description)])
    entry = _read(ports, command.subject, command.version)
    strikes = strikes_left(entry.strikes_milli, entry.strikes_at, doing.now)
    expires = command.expires or doing.now + lifetime(State.CONFIRMED, strikes)
    change = confirm(entry, _cause(doing), doing.now, expires)
    ports.suspects.write(change)
    return Listed(change.entry, _answered(ports, entry, AppealState.REJECTED, doing.now))


def release_suspect(command: ReleaseSuspect, ports: RiskPorts, doing: Doing) -> Listed:
    """Let a subject go; the appeal that it made is granted.

    Raises Refused (SUBJECT_NOT_LISTED), Forbidden, Raced (STALE_VERSION).
    """
    entry = _read(ports, command.subject, command.version)
    held = entry.state_at(doing.now)
    if command.only_below_confirmed and held not in {State.SUSPECT, State.CHALLENGED, State.NONE}:
        raise Forbidden(
            "CALLER_NOT_ALLOWED", "only an operator lets this subject go", method="ReleaseSuspect"
        )
    appeal = _open_appeal(ports, entry)
    change = release(entry, _cause(doing), doing.now, by_appeal=appeal is not None)
    if change is None:
        raise Refused("SUBJECT_NOT_LISTED", "the subject is not listed", state=held.value)
    ports.suspects.write(change)
    return Listed(change.entry, _answered(ports, entry, AppealState.GRANTED, doing.now))


def allow_subject(command: AllowSubject, ports: RiskPorts, doing: Doing) -> Listed:
    """Let a subject through. Raises Invalid, Raced (STALE_VERSION), Refused (TOO_MANY_SNOOZES)."""
    entry = _read(ports, command.subject, command.version)
    if command.rule_id:
        change = snooze(entry, command.rule_id, _cause(doing), doing.now, command.expires)
        ports.suspects.write(change)
        return Listed(change.entry, ports.appeals.newest(command.subject))
    change = allow(entry, _cause(doing), doing.now, command.expires)
    ports.suspects.write(change)
    return Listed(change.entry, _answered(ports, entry, AppealState.GRANTED, doing.now))


def _read(ports: RiskPorts, subject: Subject, version: int) -> Entry:
    entry = ports.suspects.get(subject)
    if version and version != entry.version:
        raise Raced("STALE_VERSION", "the entry has changed", current_version=str(entry.version))
    return entry


def _cause(doing: Doing) -> Cause:
    return Cause(actor=doing.actor, reason=doing.reason, event_id=doing.event_id)


def _open_appeal(ports: RiskPorts, entry: Entry) -> Appeal | None:
    """The one that waits for an answer about this listing."""
    appeal = ports.appeals.newest(entry.subject)
    is_open = appeal is not None and appeal.state is AppealState.OPEN and appeal.listed == entry.since
    return appeal if is_open else None


def _answered(ports: RiskPorts, before: Entry, state: AppealState, now: Instant) -> Appeal | None:
    """Closes the open appeal; the last one as it then is."""
    if appeal := _open_appeal(ports, before):
        ports.appeals.answer(appeal, state, now)
    return ports.appeals.newest(before.subject)
