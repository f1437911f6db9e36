"""A start or an end is told at its very instant, and not again afterwards (ID-14)."""

from domain.identity.commands.change import AnnounceDue, announce
from domain.identity.facts import IdentityEnded, IdentityStarted
from domain.identity.laying import flatten
from domain.shared.doing import Doing
from tests.fakes import EPOCH
from tests.unit.identity.subject import Subject
from tests.unit.identity.test_stale_previews import CATALOG


def test_an_end_is_told_at_its_very_instant_and_once() -> None:
    subject = Subject(CATALOG)
    assert subject.apply({"op": "buy", "member": "ann", "sku": "month", "term": "t", "t": EPOCH}).accepted
    end = flatten(subject.memory.timelines.get("ann")).segments[-1].end
    told = []
    for now in (end - 1, end, end, end + 1):
        announce(AnnounceDue("ann"), subject.memory.ports, Doing("job", "", now))
        facts = [line.fact for line in subject.memory.timelines.history("ann")]
        told.append(sum(isinstance(fact, IdentityEnded) for fact in facts))
        assert sum(isinstance(fact, IdentityStarted) for fact in facts) == 1
    assert told == [0, 1, 1, 1]
