"""The rules and the naive oracle, given the same operations: every answer and every timeline is the same."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.oracle.oracle import Oracle
from tests.strategies import Story
from tests.unit.identity.subject import Subject

MONEY = ("payable", "credit", "days", "microseconds", "supersedes")

Steps = Counter[tuple[str, bool]]
"""Operations applied to both, by kind and by whether they were accepted."""


def compare(story: Story) -> Steps:
    """Asserts that both accept, lay out and pay the same after each operation."""
    subject, oracle, steps = Subject(story.catalog), Oracle(story.catalog), Steps()
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
        steps[op["op"], answer.accepted] += 1
    return steps


def told(detail: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: detail.get(name) for name in names}


def replaced(subject: Subject) -> set[str]:
    """Cards that an upgrade replaced."""
    terms = subject.memory.timelines.get("ann").terms.values()
    return {item.term_id for term in terms for item in term.supersedes}
