"""The rules against the naive second implementation, over random histories."""

from hypothesis import given

from tests.oracle.oracle import Oracle
from tests.strategies import Story, stories
from tests.unit.identity.subject import Subject


@given(stories())
def test_rules_and_oracle_accept_and_lay_out_the_same(story: Story) -> None:
    """Every operation has the same answer, and every timeline lies the same after each."""
    subject, oracle = Subject(story.catalog), Oracle(story.catalog)
    for number, op in enumerate(story.ops):
        expected, answer = oracle.apply(op), subject.apply(op)
        assert answer.reason == expected.reason, (number, op, answer, expected)
        member = op.get("member") or op["survivor"]
        assert subject.lanes(member) == oracle.lanes(member), (number, op)
