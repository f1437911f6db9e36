"""The rules against the naive second implementation, over random histories.

`make test` looks briefly; `make histories` for as long as you like, and prints how much it saw.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import given

from tests.oracle.oracle import Oracle
from tests.strategies import Story, stories
from tests.unit.identity.subject import Subject

MONEY = ("payable", "credit", "days", "microseconds", "supersedes")


@given(stories())
def test_rules_and_oracle_accept_lay_out_and_pay_the_same(story: Story) -> None:
    """ID-1 to ID-10: every operation has the same answer, every timeline lies the same after each."""
    subject, oracle = Subject(story.catalog), Oracle(story.catalog)
    for number, op in enumerate(story.ops):
        gone = replaced(subject)
        expected, answer = oracle.apply(op), subject.apply(op)
        assert answer.reason == expected.reason, (number, op, answer, expected)
        assert subject.lanes("ann") == oracle.lanes("ann"), (number, op)
        # The oracle keeps no books of what a card had already given to an upgrade (ID-10 has its own test).
        if answer.accepted and op["op"] == "buy" and not gone & set(answer.detail["supersedes"]):
            assert told(answer.detail, *MONEY) == told(expected.detail, *MONEY)
            # Each replaced card is rounded by itself here, all of them together there.
            spread = abs(answer.detail["discarded"] - expected.detail["discarded"])
            assert spread <= len(answer.detail["supersedes"])
        if answer.accepted and op["op"] == "terminate" and op["term"] not in gone:
            assert told(answer.detail, "refunds", "held") == told(expected.detail, "refunds", "held")


def told(detail: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: detail.get(name) for name in names}


def replaced(subject: Subject) -> set[str]:
    """Cards that an upgrade replaced."""
    terms = subject.memory.timelines.get("ann").terms.values()
    return {item.term_id for term in terms for item in term.supersedes}
