"""What a refusal says of its end: the earliest start of the rules against that of the oracle."""

from hypothesis import event, given
from hypothesis import strategies as st

from domain.identity.catalog import Channel
from domain.identity.commands.preview import explain_purchase
from domain.identity.wanted import Purchase
from domain.shared.doing import Doing
from domain.shared.instants import DAY, Instant
from tests.oracle.earliest import TRIED_DAYS, earliest_start
from tests.oracle.oracle import Oracle
from tests.strategies import Story, stories
from tests.unit.identity.subject import Subject


@given(stories(), st.data())
def test_a_refusal_names_the_start_that_trying_finds(story: Story, data: st.DataObject) -> None:
    """The same start, or none for both; the rules may look further ahead than the oracle tries."""
    sku_id = data.draw(st.sampled_from([sku["sku_id"] for sku in story.catalog["skus"]]))
    subject, oracle = Subject(story.catalog), Oracle(story.catalog)
    for op in story.ops:
        subject.apply(op)
        oracle.apply(op)
    now = story.ops[-1]["now"]
    wish = {"op": "buy", "member": "ann", "sku": sku_id, "term": "wish", "t": now, "now": now}
    refused = oracle.copy().apply(wish).reason
    found = explained(subject, sku_id, now)
    event(f"{refused or 'accepted'}: {'a start' if found else 'none'}")
    if not refused or refused == "TERM_PAUSED":
        # Bought at once, or not before somebody resumes the paused card.
        assert found is None
    else:
        tried = earliest_start(oracle, wish)
        beyond = tried is None and found is not None and found > now + (TRIED_DAYS - 1) * DAY
        assert found == tried or beyond


def explained(subject: Subject, sku_id: str, now: Instant) -> Instant | None:
    wanted = Purchase("ann", sku_id, "shop", Channel.APP_PURCHASE)
    return explain_purchase(wanted, subject.memory.ports, Doing("test", "", now)).earliest_start
