"""Pausing, resuming, extending, merging, and announcing what fell due."""

from dataclasses import dataclass

from domain.identity.catalog import Rule
from domain.identity.changes import absorb, extend, pause, resume
from domain.identity.facts import Fact, MemberGone, Recorded
from domain.identity.laying import flatten
from domain.identity.layout import Layout
from domain.identity.placement import effective_of, moves
from domain.identity.ports import IdentityPorts
from domain.identity.recording import Written, open_timeline, write
from domain.identity.timeline import Timeline, acquisitions
from domain.shared.doing import Doing
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import Instant, Period


@dataclass(frozen=True, slots=True)
class PauseTerm:
    """Stop a running term now."""

    member_id: str
    term_id: str


@dataclass(frozen=True, slots=True)
class ResumeTerm:
    """Let a paused term run on from now."""

    member_id: str
    term_id: str


@dataclass(frozen=True, slots=True)
class ExtendTerm:
    """Add time behind a term."""

    member_id: str
    term_id: str
    by: Period
    extension_id: str


@dataclass(frozen=True, slots=True)
class MergeMembers:
    """Move all terms of one member to another."""

    survivor_id: str
    merged_id: str


@dataclass(frozen=True, slots=True)
class AnnounceDue:
    """Announce what fell due for a member."""

    member_id: str


@dataclass(frozen=True)
class Changed:
    """The term that a change concerns, and the timeline."""

    term_id: str
    written: Written


def pause_term(command: PauseTerm, ports: IdentityPorts, doing: Doing) -> Changed:
    """Stop a term. Raises Refused (TERM_STATE_WRONG, PREREQUISITE_MISSING), NotFound (TERM_NOT_FOUND)."""
    timeline, layout = open_timeline(ports.timelines, command.member_id)
    fact = pause(timeline, layout, _rules(ports, doing), command.term_id, doing.now)
    return _changed(command.term_id, timeline, layout, doing.now, fact, ports, doing)


def resume_term(command: ResumeTerm, ports: IdentityPorts, doing: Doing) -> Changed:
    """Let a term run on. Raises Refused (TERM_STATE_WRONG, IDENTITY_CONFLICT), NotFound."""
    timeline, layout = open_timeline(ports.timelines, command.member_id)
    fact = resume(timeline, layout, _rules(ports, doing), command.term_id, doing.now)
    return _changed(command.term_id, timeline, layout, doing.now, fact, ports, doing)


def extend_term(command: ExtendTerm, ports: IdentityPorts, doing: Doing) -> Changed:
    """Add time. Raises Refused (TERM_STATE_WRONG, IDENTITY_CONFLICT), NotFound (TERM_NOT_FOUND)."""
    timeline, layout = open_timeline(ports.timelines, command.member_id)
    rules = _rules(ports, doing)
    fact = extend(timeline, layout, rules, command.term_id, command.extension_id, command.by, doing.now)
    effective = effective_of(timeline, fact.term)
    return _changed(command.extension_id, timeline, layout, effective, fact, ports, doing)


def merge_members(command: MergeMembers, ports: IdentityPorts, doing: Doing) -> Written:
    """Merge two members. Raises Refused (MERGE_BLOCKED, MEMBER_MERGED), Invalid (one member twice)."""
    if command.survivor_id == command.merged_id:
        description = "a member cannot be merged into itself"
        raise Invalid([FieldViolation("merged_member_id", "SAME_MEMBER", description)])
    survivor, _ = open_timeline(ports.timelines, command.survivor_id)
    merged, _ = open_timeline(ports.timelines, command.merged_id)
    history = acquisitions(ports.timelines.history(command.merged_id))
    fact = absorb(survivor, merged, history, _rules(ports, doing), doing.now)
    write(ports.timelines, merged, [(doing.now, MemberGone(command.survivor_id))], doing)
    ports.claims.unite_trials(command.merged_id, command.survivor_id)
    return write(ports.timelines, survivor, [(doing.now, fact)], doing)


def announce(command: AnnounceDue, ports: IdentityPorts, doing: Doing) -> Written:
    """Announce what fell due, though nothing else is written then (ID-14)."""
    return write(ports.timelines, ports.timelines.get(command.member_id), [], doing)


def _rules(ports: IdentityPorts, doing: Doing) -> tuple[Rule, ...]:
    latest = ports.catalogs.current(doing.now)
    return tuple(latest.rules)


def _changed(
    term_id: str,
    timeline: Timeline,
    layout: Layout,
    effective: Instant,
    fact: Fact,
    ports: IdentityPorts,
    doing: Doing,
) -> Changed:
    after = flatten(timeline.then(Recorded(fact, effective, timeline.announced)))
    moved = moves(layout, after, timeline.terms, {term_id})
    return Changed(term_id, write(ports.timelines, timeline, [(effective, fact)], doing, moved, after))
