"""The parts of `nectary demo`, and that a wrong figure does not go unnoticed."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from domain.risk.listing import confirm, release, suspect
from domain.risk.states import State
from domain.risk.suspects import Cause, Entry
from domain.shared.instants import DAY
from nectary.risk.v1 import risk_pb2, risk_service_pb2
from servers.mesh.cli.demo import chapters
from servers.mesh.cli.demo.check import checks
from servers.mesh.cli.demo.risk.chain import intact_links
from servers.mesh.cli.demo.risk.mailbox import Mailbox, subject_of
from servers.mesh.cli.output import Output
from servers.risk.wire.suspects import transition
from tests.fakes import EPOCH
from tests.scenario.cli.running import EXAMPLES
from tests.unit.risk.cases import ANN

RULES = EXAMPLES / "risk.demo.yaml"
COUNTED = {
    "tao: let through of 40 tries",
    "nina: refused of her tries",
    "why: what decided",
    "tao: because of",
    "tao: refusals that the listing cites",
}


def test_a_figure_that_was_not_seen_is_as_wrong_as_one_that_differs() -> None:
    results = checks(seen={"a": 1, "b": 2, "new": 5}, expected={"a": 1, "b": 3, "missed": 4})
    assert {check.name: check.passed for check in results} == {
        "a": True,
        "b": False,
        "missed": False,
        "new": False,
    }


async def test_another_limit_makes_the_figures_wrong_that_it_should_and_no_other(tmp_path: Path) -> None:
    """Eight tries instead of ten, twelve refusals for a suspect: the rest of the story goes as it went."""
    text = RULES.read_text()
    other = text.replace("units: 200", "units: 160").replace("suspect_after: 10", "suspect_after: 12")
    assert text != other
    path = tmp_path / "rules.yaml"
    path.write_text(other)
    figures = await chapters.abuse(Output(as_json=True), path)
    assert {figure.name for figure in figures if not figure.passed} == COUNTED
    seen = {figure.name: figure.seen for figure in figures}
    assert seen["tao: let through of 40 tries"] == 8
    assert seen["nina: refused of her tries"] == 1
    assert seen["why: what decided"] == ["guessed_codes: 160 of 160 units"]


async def test_a_mail_is_kept_as_it_was_sent() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@shop.example", "b@shop.example", "a long word " * 12
    mail.set_content("first\n.\n..two dots\nlast\n")
    async with Mailbox() as mailbox:
        host, _, port = mailbox.url.removeprefix("smtp://").partition(":")
        for _ in range(2):
            await aiosmtplib.send(mail, hostname=host, port=int(port), start_tls=False)
    assert len(mailbox.mails) == 2
    kept = mailbox.mails[1]
    assert kept.get_content().splitlines() == ["first", ".", "..two dots", "last"]
    assert subject_of(kept) == ("a long word " * 12).strip()
    assert kept["To"] == "b@shop.example"


def listed_and_released() -> risk_service_pb2.GetSubjectResponse:
    """As the service answers: the newest first."""
    by_rule = Cause("rule:a", "10 refusals", "e1", "a", 3, "identity.redeem", "00ff", ("d1", "d2"))
    by_a_person = Cause("operator:zoë", "guesses", "e2")
    first = suspect(Entry(ANN), State.SUSPECT, by_rule, EPOCH + 1, State.CONFIRMED)
    assert first is not None
    second = confirm(first.entry, by_a_person, EPOCH + 2, EPOCH + DAY)
    third = release(second.entry, by_a_person, EPOCH + 3)
    assert third is not None
    return risk_service_pb2.GetSubjectResponse(
        suspect=risk_pb2.Suspect(
            subject=risk_pb2.SubjectName(kind=risk_pb2.SUBJECT_KIND_MEMBER, value=ANN.value)
        ),
        transitions=[transition(change.transition) for change in (third, second, first)],
    )


def test_the_hashes_of_a_chain_can_be_computed_from_the_answer() -> None:
    assert intact_links(listed_and_released()) == 3


@pytest.mark.parametrize("field", [field.name for field in risk_pb2.Transition.DESCRIPTOR.fields])
def test_no_field_of_a_transition_can_be_changed_unnoticed(field: str) -> None:
    found = listed_and_released()
    donor, forged = found.transitions[2], found.transitions[1]
    changed = risk_pb2.Transition.FromString(forged.SerializeToString())
    changed.ClearField(field)  # type: ignore[arg-type]  # each name in turn
    if changed == forged:
        # Empty here: it gets what the oldest has.
        given: dict[str, Any] = {field: getattr(donor, field) or "x"}
        forged.MergeFrom(risk_pb2.Transition(**given))
    else:
        forged.CopyFrom(changed)
    assert intact_links(found) == 1


def test_a_transition_that_was_taken_out_is_missed() -> None:
    found = listed_and_released()
    del found.transitions[1]
    assert intact_links(found) == 1
