"""How a subject comes onto the list and off it: (entry, what is asked, now) → change.

None says that nothing changes: a state no harder than the one there is, an immune subject, a subject that
was let go already. The caller writes the change if the entry's version is still the one that was read.
"""

from dataclasses import replace

from domain.risk.chain import sealed
from domain.risk.states import State
from domain.risk.strikes import MOST_STRIKES_MILLI, STRIKE_MILLI, lifetime, strikes_left
from domain.risk.suspects import MOST_SNOOZES, Cause, Change, Entry, Immunity, Snooze, Transition
from domain.shared.errors import FieldViolation, Invalid, Refused
from domain.shared.instants import DAY, Instant

LONGEST_BY_A_PERSON = 365 * DAY
"""Nobody stays listed without a live reason, whoever gave it."""
LONGEST_SNOOZE = 30 * DAY
IMMUNITY = DAY
"""After an appeal, from the rule version that was wrong."""


def suspect(entry: Entry, state: State, cause: Cause, now: Instant, most: State) -> Change | None:
    """By automation: to SUSPECT, CHALLENGED or CONFIRMED, never beyond `most`, which `ceilings` says.

    Only upward, never against a person's ALLOWED, never within an immunity. The same state again lives on
    from now if half of its life is over, except CONFIRMED: who is denied cannot be refused by rules, so
    only old news could renew it.
    """
    state, held = min(state, most, key=lambda one: one.rank), entry.state_at(now)
    if not state.rank or held is State.ALLOWED or entry.is_immune(cause.rule_id, cause.rule_version, now):
        return None
    strikes = strikes_left(entry.strikes_milli, entry.strikes_at, now)
    span = lifetime(state, strikes)
    if state.rank < held.rank or (state is held and not _may_renew(entry, span, now)):
        return None
    return _changed(_struck(entry, state, strikes, now), state, cause, now, now + span)


def confirm(entry: Entry, cause: Cause, now: Instant, expires: Instant) -> Change:
    """By a person: denied until `expires`, however often before. Counts as a strike unless it was CONFIRMED.

    Whom a rule has listed stays that rule's find: if it was wrong, an appeal makes immune from it.
    Raises Invalid if `expires` is not within LONGEST_BY_A_PERSON from now.
    """
    _require_span("expire_time", now, expires, LONGEST_BY_A_PERSON)
    strikes = strikes_left(entry.strikes_milli, entry.strikes_at, now)
    change = _changed(_struck(entry, State.CONFIRMED, strikes, now), State.CONFIRMED, cause, now, expires)
    if not entry.state_at(now).rank:
        return change
    found = replace(change.entry, rule_id=entry.rule_id, rule_version=entry.rule_version, scene=entry.scene)
    return replace(change, entry=found)


def allow(entry: Entry, cause: Cause, now: Instant, expires: Instant) -> Change:
    """By a person: let through until `expires`.

    Raises Invalid if `expires` is not within LONGEST_BY_A_PERSON from now.
    """
    _require_span("expire_time", now, expires, LONGEST_BY_A_PERSON)
    return _changed(entry, State.ALLOWED, cause, now, expires)


def release(entry: Entry, cause: Cause, now: Instant, *, by_appeal: bool = False) -> Change | None:
    """Lets a subject go; None if it is not listed, or not any more.

    After an appeal the rule version that listed it cannot do so again within IMMUNITY, and the strike
    that came with it is taken back: it was wrong.
    """
    held = entry.state_at(now)
    if held in {State.NONE, State.RELEASED}:
        return None
    freed = entry
    if by_appeal:
        left = strikes_left(entry.strikes_milli, entry.strikes_at, now)
        pardon = STRIKE_MILLI if held is State.CONFIRMED else 0
        freed = replace(entry, strikes_milli=max(left - pardon, 0), strikes_at=now)
        if entry.rule_id:
            immunity = Immunity(entry.rule_id, entry.rule_version, now + IMMUNITY)
            live = (one for one in entry.immunities if now < one.until)
            freed = replace(freed, immunities=(*live, immunity)[-MOST_SNOOZES:])
    return _changed(freed, State.RELEASED, cause, now, now + lifetime(State.RELEASED, 0))


def snooze(entry: Entry, rule_id: str, cause: Cause, now: Instant, until: Instant) -> Change:
    """A rule does not count for a subject until then, which replaces what was said of that rule before.

    The state stays. Raises Invalid if `until` is not within LONGEST_SNOOZE from now, Refused if
    MOST_SNOOZES others are live.
    """
    _require_span("expire_time", now, until, LONGEST_SNOOZE)
    others = tuple(one for one in entry.snoozes if now < one.until and one.rule_id != rule_id)
    if len(others) >= MOST_SNOOZES:
        raise Refused("TOO_MANY_SNOOZES", f"{len(others)} rules are snoozed already", limit=str(MOST_SNOOZES))
    dozing = replace(entry, snoozes=(*others, Snooze(rule_id, until)))
    held, expires = entry.state_at(now), entry.expires
    transition = _transition(dozing, held, held, cause, now, expires, f"snooze:{rule_id}:{until}")
    return Change(replace(dozing, version=transition.version, last_hash=transition.hash), transition)


def _may_renew(entry: Entry, span: int, now: Instant) -> bool:
    return entry.state is not State.CONFIRMED and entry.expires - now < span // 2


def _struck(entry: Entry, state: State, strikes: int, now: Instant) -> Entry:
    """With one strike more if it is confirmed anew."""
    if state is not State.CONFIRMED or entry.state_at(now) is State.CONFIRMED:
        return entry
    return replace(entry, strikes_milli=min(strikes + STRIKE_MILLI, MOST_STRIKES_MILLI), strikes_at=now)


def _changed(entry: Entry, state: State, cause: Cause, now: Instant, expires: Instant) -> Change:
    held = entry.state_at(now)
    transition = _transition(entry, held, state, cause, now, expires)
    return Change(
        replace(
            entry,
            state=state,
            since=entry.since if held is state else now,
            expires=expires,
            rule_id=cause.rule_id,
            rule_version=cause.rule_version,
            scene=cause.scene,
            reason=cause.reason,
            version=transition.version,
            last_hash=transition.hash,
        ),
        transition,
    )


def _transition(
    entry: Entry, before: State, after: State, cause: Cause, now: Instant, expires: Instant, detail: str = ""
) -> Transition:
    drawn = Transition(entry.subject, before, after, entry.version + 1, now, expires, cause, detail)
    return sealed(drawn, entry.last_hash)


def _require_span(field: str, now: Instant, until: Instant, longest: int) -> None:
    if not now < until <= now + longest:
        description = f"must lie after now and within {longest // DAY} days"
        raise Invalid([FieldViolation(field, "OUT_OF_RANGE", description)])
