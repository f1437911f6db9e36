"""What is told twice leaves no second fact, not even one that changes nothing (ID-3)."""

from collections.abc import Sequence

from domain.identity.commands.purchase import ConfirmPayment, confirm_payment
from domain.identity.facts import Recorded
from domain.shared.doing import Doing
from tests.fakes import EPOCH
from tests.unit.identity.subject import Subject
from tests.unit.identity.test_stale_previews import CATALOG

BUY = {"op": "buy", "member": "ann", "sku": "month", "term": "t", "order": "o", "t": EPOCH}
REFUND = {"op": "terminate", "member": "ann", "refund": "r", "order": "o", "at": EPOCH + 1}


def history(subject: Subject) -> Sequence[Recorded]:
    return subject.memory.timelines.history("ann")


def test_a_payment_told_twice_places_one_term() -> None:
    subject = Subject(CATALOG)
    assert subject.apply(BUY).accepted
    once = history(subject)
    payment = ConfirmPayment("o", "pay-o-3900", 3900, "CNY", EPOCH, term_id="another")
    paid = confirm_payment(payment, subject.memory.ports, Doing("test", "", EPOCH))
    assert paid.term_id == "t"
    assert history(subject) == once


def test_a_refund_told_twice_is_written_once() -> None:
    subject = Subject(CATALOG)
    assert subject.apply(BUY).accepted
    assert subject.apply(REFUND).accepted
    once = history(subject)
    assert subject.apply(REFUND).accepted
    assert history(subject) == once
