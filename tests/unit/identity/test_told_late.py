"""A purchase told late is laid behind what was there when it was heard of, and matters only then (ID-6)."""

from domain.identity.laying import flatten
from domain.identity.timeline import Timeline, fold, seen
from domain.shared.instants import DAY, HOUR, Instant
from tests.fakes import EPOCH
from tests.unit.identity.subject import Subject
from tests.unit.identity.test_stale_previews import CATALOG

PAID = EPOCH
BEFORE_LATE = EPOCH + HOUR
"""When another card was bought, and the late payment not yet heard of."""


def told_late() -> Subject:
    """A card paid first and heard of last: R2 lays it behind the one that was there when it was heard of."""
    subject = Subject(CATALOG)
    there = {"op": "buy", "member": "ann", "sku": "month", "term": "there", "t": BEFORE_LATE}
    late = {"op": "buy", "member": "ann", "sku": "month", "term": "late", "t": PAID, "now": BEFORE_LATE}
    assert subject.apply(there).accepted
    assert subject.apply(late).accepted
    return subject


def held_by_facts(subject: Subject, at: Instant) -> set[str]:
    """What the facts effective by an instant say of it."""
    lines = seen(subject.memory.timelines.history("ann"), as_of=at, known_at=None)
    return {item.term_id for item in flatten(fold(Timeline("ann"), lines)).at(at)}


def held_by_segments(subject: Subject, at: Instant) -> set[str]:
    return {item.term_id for item in flatten(subject.memory.timelines.get("ann")).at(at)}


def test_it_is_laid_behind_the_card_that_was_there() -> None:
    layout = flatten(told_late().memory.timelines.get("ann"))
    there, late = layout.segments
    assert (there.term_id, there.start) == ("there", BEFORE_LATE)
    assert (late.term_id, late.start) == ("late", there.end)


def test_it_is_not_held_between_its_payment_and_the_card_that_was_there() -> None:
    subject = told_late()
    for at in (PAID - 1, PAID, BEFORE_LATE - 1):
        assert held_by_facts(subject, at) == held_by_segments(subject, at) == set()
    for at in (BEFORE_LATE, BEFORE_LATE + 20 * DAY):
        assert held_by_facts(subject, at) == held_by_segments(subject, at) == {"there"}
    end = flatten(subject.memory.timelines.get("ann")).segments[0].end
    assert held_by_facts(subject, end) == held_by_segments(subject, end) == {"late"}
