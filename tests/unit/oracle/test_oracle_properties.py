"""The oracle keeps the invariants of Identity by itself, whatever the real domain does."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.oracle import Oracle
from tests.strategies import Story, shares, stories

settings.register_profile("oracle", deadline=None, max_examples=150)
CHECKED = settings(settings.get_profile("oracle"))


def told(story: Story) -> Oracle:
    oracle = Oracle(story.catalog)
    for op in story.ops:
        oracle.apply(op)
    return oracle


def lived(oracle: Oracle, now: int) -> list[tuple[str, int, int]]:
    """What of every segment lies before now."""
    pieces = [piece for _, lane in oracle.lanes("ann") for piece in lane]
    return [(term_id, start, min(end, now)) for term_id, _, start, end in pieces if start < now]


@CHECKED
@given(stories())
def test_segments_of_a_lane_never_overlap(story: Story) -> None:
    """ID-1."""
    for _, pieces in told(story).lanes("ann"):
        assert all(first[3] <= second[2] for first, second in pairwise(pieces))
        assert all(start < end for _, _, start, end in pieces)


@CHECKED
@given(stories())
def test_the_same_operations_give_the_same_timeline_and_twice_is_once(story: Story) -> None:
    """ID-2, ID-3."""
    oracle = told(story)
    lanes = oracle.lanes("ann")
    assert told(story).lanes("ann") == lanes
    for op, accepted in zip(story.ops, story.accepted, strict=True):
        if accepted and op["op"] in ("buy", "grant", "terminate", "extend"):
            assert oracle.apply(op).accepted
    assert oracle.lanes("ann") == lanes


@CHECKED
@given(stories())
def test_what_happens_now_leaves_the_past_as_it_was(story: Story) -> None:
    """Only what is told to have happened before may move what lies before now."""
    oracle = Oracle(story.catalog)
    for op in story.ops:
        now = op["now"]
        before = lived(oracle, now)
        oracle.apply(op)
        told_late = op["op"] == "reinstate" or any(op.get(name, now) < now for name in ("t", "at", "start"))
        assert told_late or set(before) <= set(lived(oracle, now)), op


@CHECKED
@given(stories(), shares())
def test_a_refund_undone_at_once_was_never_there(story: Story, share: Fraction) -> None:
    """ID-5; a refund of the past may move terms that have begun since, which then stay."""
    oracle = told(story)
    before, now = oracle.lanes("ann"), story.ops[-1]["now"]
    for _, pieces in before:
        for term_id, _, start, end in pieces:
            at = max(now, (start + end) // 2)
            refund = {
                "op": "terminate",
                "member": "ann",
                "refund": term_id,
                "term": term_id,
                "at": at,
                "now": now,
                "share": share,
            }
            if oracle.apply(refund).accepted:
                assert oracle.apply(
                    {"op": "reinstate", "member": "ann", "refund": term_id, "now": now}
                ).accepted
                assert oracle.lanes("ann") == before


@CHECKED
@given(stories(), st.data())
def test_refunds_of_one_instant_commute(story: Story, data: st.DataObject) -> None:
    """ID-5, where no rule stands in the way of either order."""
    at = story.ops[-1]["now"]
    terms = [term.term_id for history in told(story).histories.values() for term in history.terms]
    refunds = [
        {
            "op": "terminate",
            "member": "ann",
            "refund": f"x{index}",
            "term": term,
            "at": at,
            "share": data.draw(shares()),
        }
        for index, term in enumerate(data.draw(st.permutations(terms))[:3])
    ]
    one_way, other_way = told(story), told(story)
    outcomes = [one_way.apply(op) for op in refunds] + [other_way.apply(op) for op in reversed(refunds)]
    if not story.catalog["rules"]:
        assert all(outcome.accepted for outcome in outcomes)
        assert one_way.lanes("ann") == other_way.lanes("ann")


@CHECKED
@given(stories(members=("ann", "bob")))
def test_identities_start_and_end_in_turn(story: Story) -> None:
    """ID-14, ID-6."""
    oracle = told(story)
    for member in ("ann", "bob"):
        open_now: set[tuple[int, str]] = set()
        for lane, sku, kind, moment in oracle.started_ended(member, up_to=1 << 60):
            assert ((lane, sku) in open_now) == (kind == "ENDED")
            open_now ^= {(lane, sku)}
            assert ((lane, sku) in oracle.identities(member, moment)) == (kind == "STARTED")
        assert not open_now
