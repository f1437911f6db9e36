"""The rules against the naive second implementation, over random histories.

`make test` looks briefly, `make histories` at thousands, and `make steps` until a million operations were
applied to both.
"""

from hypothesis import given

from tests.strategies import Story, stories
from tests.unit.identity.comparing import compare


@given(stories())
def test_rules_and_oracle_accept_lay_out_and_pay_the_same(story: Story) -> None:
    """ID-1 to ID-10: every operation has the same answer, every timeline lies the same after each."""
    steps = compare(story)
    assert steps.total() == len(story.ops)
