"""ID-1 to ID-16 as properties of the real rules over random histories."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.identity.announcing import holdings
from domain.identity.catalog import Channel, EndRounding, RuleKind
from domain.identity.commands.change import AnnounceDue, announce
from domain.identity.commands.preview import preview_purchase
from domain.identity.commands.purchase import (
    ConfirmPayment,
    CreateOrder,
    confirm_payment,
    create_order,
)
from domain.identity.display import NO_WEIGHTS, Weights, in_display_order
from domain.identity.facts import IdentityEnded, IdentityStarted, Recorded
from domain.identity.laying import flatten
from domain.identity.layout import Layout
from domain.identity.lengths import end_of_term, valid_through
from domain.identity.queries import identities
from domain.identity.rules import breaks
from domain.identity.terms import Length
from domain.identity.timeline import Timeline, fold, seen
from domain.identity.value import books
from domain.identity.wanted import Purchase
from domain.shared.doing import Doing
from domain.shared.errors import DomainError
from domain.shared.instants import DAY, HOUR, Instant, Period, Unit, add, midnight
from servers.identity.codec import decode_fact, encode_fact
from tests.fakes import EPOCH
from tests.strategies import Story, catalogs, stories
from tests.unit.identity.subject import Subject

MEMBER = "ann"


def told(story: Story) -> Subject:
    """All operations done, whatever each was answered."""
    subject = Subject(story.catalog)
    for op in story.ops:
        subject.apply(op)
    return subject


def heard(op: Mapping[str, Any]) -> Instant:
    """When an operation was heard of."""
    instant: Instant = op.get("now", op.get("t", op.get("at")))
    return instant


def history(subject: Subject) -> list[Recorded]:
    return list(subject.memory.timelines.history(MEMBER))


def laid(subject: Subject) -> tuple[Timeline, Layout]:
    timeline = subject.memory.timelines.get(MEMBER)
    return timeline, flatten(timeline)


def boundaries(layout: Layout) -> set[Instant]:
    return {moment for item in layout.segments for moment in (item.start, item.end)}


@given(stories())
def test_segments_of_a_lane_never_overlap(story: Story) -> None:
    """ID-1."""
    _, layout = laid(told(story))
    for lane in layout.lanes.values():
        assert all(first.end <= second.start for first, second in pairwise(lane.segments))
        assert all(item.start < item.end for item in lane.segments)


@given(stories(kinds=("buy",)))
def test_renewals_of_a_live_lane_leave_no_gap(story: Story) -> None:
    """ID-1: purchases alone, each made while the lane was live."""
    timeline, layout = laid(told(story))
    for lane in layout.lanes.values():
        for first, second in pairwise(lane.segments):
            bought_live = timeline.terms[second.term_id].acquired < first.end
            assert first.end == second.start or not bought_live


@given(stories(), st.data())
def test_folding_in_parts_and_from_stored_bytes_gives_the_same(story: Story, data: st.DataObject) -> None:
    """ID-2: any split of the history, and the history read back from its bytes."""
    lines = history(told(story))
    cut = data.draw(st.integers(0, len(lines)))
    whole = fold(Timeline(MEMBER), lines)
    assert fold(fold(Timeline(MEMBER), lines[:cut]), lines[cut:]) == whole
    reread = [_through_bytes(line) for line in lines]
    assert flatten(fold(Timeline(MEMBER), reread)).segments == flatten(whole).segments


def _through_bytes(line: Recorded) -> Recorded:
    payload = encode_fact(line.fact)
    fact = decode_fact(type(line.fact).__name__, payload)
    assert encode_fact(fact) == payload
    return replace(line, fact=fact)


@given(stories())
def test_an_operation_told_twice_is_done_once(story: Story) -> None:
    """ID-3: the same payment, grant or refund again changes nothing."""
    once, twice = Subject(story.catalog), Subject(story.catalog)
    for op in story.ops:
        first = once.apply(op)
        twice.apply(op)
        if first.accepted and op["op"] in ("buy", "grant", "terminate", "reinstate"):
            before = twice.lanes(MEMBER)
            assert twice.apply(op).accepted
            assert twice.lanes(MEMBER) == before
    assert once.lanes(MEMBER) == twice.lanes(MEMBER)


@given(catalogs(), st.integers(0, 3 * DAY))
def test_a_refund_before_its_payment_ends_as_one_after_it(catalog: dict[str, Any], later: int) -> None:
    """ID-3: the payment event after the refund event."""
    paid = 1_700_000_000_000_000
    buy = {"op": "buy", "member": MEMBER, "sku": catalog["skus"][0]["sku_id"], "term": "t", "order": "o"}
    refund = {"op": "terminate", "member": MEMBER, "refund": "r", "order": "o", "at": paid + later}
    in_order, reversed_ = Subject(catalog), Subject(catalog)
    if not in_order.apply(buy | {"t": paid, "now": paid}).accepted:
        return
    in_order.apply(refund | {"now": paid + later})
    reversed_.apply(refund | {"now": paid + later})
    reversed_.apply(buy | {"t": paid, "now": paid + later})
    assert in_order.lanes(MEMBER) == reversed_.lanes(MEMBER)


@given(stories(kinds=("buy",)))
def test_what_was_sold_is_what_is_laid(story: Story) -> None:
    """ID-4: without residues, each EXACT day or hour term lasts as long as it was sold for, DST aside."""
    timeline, layout = laid(told(story))
    for term in timeline.terms.values():
        untouched = term.term_id not in timeline.superseded and term.length.joins_runs
        if untouched and term.length.period.unit == "HOUR" and term.length.end_rounding == "EXACT":
            length = sum(item.end - item.start for item in layout.of(term.term_id))
            assert length == term.length.period.count * 3_600_000_000


@given(stories(kinds=("buy", "buy", "buy", "grant")), st.data())
def test_refunds_of_one_instant_commute_and_reversal_is_never_refunded(
    story: Story, data: st.DataObject
) -> None:
    """ID-5, where the rules let both orders pass."""
    subject = told(story)
    timeline, layout = laid(subject)
    now = max(heard(op) for op in story.ops)
    live = [term_id for term_id in timeline.terms if any(item.end > now for item in layout.of(term_id))]
    if len(live) < 2:
        return
    pair = data.draw(st.permutations(live))[:2]
    shares = [data.draw(st.sampled_from([1, 1, 0.5])) for _ in pair]
    ops = [
        {"op": "terminate", "member": MEMBER, "refund": f"x{term}", "term": term, "at": now, "share": share}
        for term, share in zip(pair, shares, strict=True)
    ]
    one, other = told(story), told(story)
    if all(one.apply(op).accepted for op in ops) and all(other.apply(op).accepted for op in ops[::-1]):
        assert one.lanes(MEMBER) == other.lanes(MEMBER)
        undo = [{"op": "reinstate", "member": MEMBER, "refund": op["refund"], "now": now} for op in ops]
        if all(one.apply(op).accepted for op in undo):
            assert one.lanes(MEMBER) == subject.lanes(MEMBER)


@given(stories())
def test_identities_at_an_instant_follow_from_the_facts_effective_by_then(story: Story) -> None:
    """ID-6, as known now."""
    subject = told(story)
    lines, (_, layout) = history(subject), laid(subject)
    for instant in sorted(boundaries(layout)):
        replayed = flatten(fold(Timeline(MEMBER), seen(lines, as_of=instant, known_at=None)))
        assert _held(replayed, instant) == _held(layout, instant), instant


def _held(layout: Layout, at: Instant) -> set[tuple[str, str]]:
    return {(item.lane_id, item.sku_id) for item in layout.at(at)}


@given(stories())
def test_no_commit_breaks_a_rule_that_was_whole(story: Story) -> None:
    """ID-7: after every accepted operation, from its instant on; KEEP rules ask for nothing on refunds."""
    subject = Subject(story.catalog)
    rules = subject.memory.catalogs.revisions[0].rules
    known: set[tuple[str, str, str]] = set()
    for op in story.ops:
        accepted = subject.apply(op).accepted
        timeline, layout = laid(subject)
        now = heard(op)
        found = {
            (item.rule.rule_id, item.term_id, item.other_term_id)
            for item in breaks(timeline, layout, rules, now)
            if not (op["op"] == "terminate" and item.rule.on_break == "KEEP")
        }
        if accepted and op["op"] != "terminate":
            assert found <= known, (op, found - known)
        known |= found | {
            (item.rule.rule_id, item.term_id, item.other_term_id)
            for item in breaks(timeline, layout, rules, now)
        }


@given(catalogs(), st.permutations(range(2)))
def test_a_conflict_refuses_both_ways(catalog: dict[str, Any], order: list[int]) -> None:
    """ID-8: of two cards that overlap under a conflict, the second is refused, whichever it is."""
    probe = Subject(catalog)
    conflicts = [rule for rule in probe.memory.catalogs.revisions[0].rules if rule.kind is RuleKind.CONFLICT]
    at = 1_700_000_000_000_000
    for rule in conflicts:
        pair = [rule.sku_id, rule.others[0]]
        subject = Subject(
            {**catalog, "rules": [item for item in catalog["rules"] if "CONFLICT" in item["kind"]]}
        )
        first, second = (pair[number] for number in order)
        steps = [
            {"op": "grant", "member": MEMBER, "sku": sku, "term": f"c{sku}", "now": at}
            for sku in (first, second)
        ]
        if subject.apply(steps[0]).accepted:
            answer = subject.apply(steps[1])
            assert not answer.accepted or not _overlap(laid(subject)[1], first, second)


def _overlap(layout: Layout, first: str, second: str) -> bool:
    return any(
        one.start < other.end and other.start < one.end
        for one in layout.by_sku.get(first, ())
        for other in layout.by_sku.get(second, ())
    )


@given(stories())
def test_money_is_earned_remains_was_paid_back_or_is_lost(story: Story) -> None:
    """ID-10: at every instant of interest, up to one minor unit a movement."""
    timeline, layout = laid(told(story))
    for at in sorted(boundaries(layout))[:20]:
        accounts = [books(timeline, layout, term, at) for term in timeline.terms.values()]
        paid = sum(account.paid for account in accounts)
        explained = sum(
            account.earned + account.remaining + account.refunded + account.discarded for account in accounts
        )
        moved = sum(account.converted_in - account.converted_out for account in accounts)
        assert explained - moved == paid
        assert abs(moved) <= len(accounts)
        assert all(account.remaining >= 0 for account in accounts)


@given(
    stories(kinds=("buy",)), st.dictionaries(st.sampled_from(["spu0", "spu1", "spu2"]), st.integers(0, 10**6))
)
def test_weights_order_and_nothing_else(story: Story, weights: dict[str, int]) -> None:
    """ID-11."""
    subject = told(story)
    catalog = subject.memory.catalogs.revisions[0]
    _, layout = laid(subject)
    for at in list(boundaries(layout))[:5]:
        held = identities(layout, at)
        plain = in_display_order(held, catalog, NO_WEIGHTS)
        weighted = in_display_order(held, catalog, Weights(1, weights))
        assert sorted(plain) == sorted(weighted) == sorted(held)
        by_weight = [weights.get(catalog.skus[item.sku_id].spu_id) for item in weighted]
        named = [weight for weight in by_weight if weight is not None]
        if len(named) == len(by_weight):
            assert named == sorted(named, reverse=True)


@given(st.integers(1, 40), st.sampled_from(["Asia/Shanghai", "America/New_York"]), st.integers(0, 40_000))
def test_monthly_renewals_never_drift(renewals: int, zone: str, hour: int) -> None:
    """ID-9: n monthly renewals from an anchor end at the anchor plus n months."""
    anchor = 1_580_000_000_000_000 + hour * HOUR
    run = None
    end = anchor
    for _ in range(renewals):
        length = Length(zone, Period(1, Unit.MONTH), EndRounding.EXACT)
        end, run = end_of_term(length, end, run, purchase_start=True)
    assert end == add(anchor, Period(renewals, Unit.MONTH), zone)


@given(stories(), st.data())
def test_a_preview_followed_at_once_by_its_order_does_the_same(story: Story, data: st.DataObject) -> None:
    """ID-13: the same placement, price and side effects, or a stale etag."""
    subject = told(story)
    sku = data.draw(st.sampled_from([item["sku_id"] for item in story.catalog["skus"]]))
    now = max(heard(op) for op in story.ops)
    ports, doing = subject.memory.ports, Doing("test", "", now)
    wanted = Purchase(MEMBER, sku, "shop", Channel.APP_PURCHASE)
    try:
        preview = preview_purchase(wanted, ports, doing)
    except DomainError:
        return
    ordered = create_order(CreateOrder(wanted, "order-13", preview.etag), ports, doing)
    payment = ConfirmPayment("order-13", "pay", ordered.order.payable, "CNY", None, "preview")
    paid = confirm_payment(payment, ports, doing)
    assert ordered.order.payable == preview.placed.payable
    assert paid.written.layout.segments == preview.placed.layout.segments


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=3, unique=True), min_size=2, max_size=8))
def test_a_trial_is_had_once_by_a_member_and_by_each_fingerprint(buyers: list[list[str]]) -> None:
    """ID-15."""
    trial = {
        "sku_id": "trial",
        "spu_id": "gold",
        "title": "Trial",
        "duration": {"count": 7, "unit": "PERIOD_UNIT_DAY"},
        "price": {"currency": "CNY", "amount_minor": 0},
        "trial_family": "gold",
    }
    spu = {"spu_id": "gold", "title": "Gold", "default_relation": "RELATION_POLICY_RENEW"}
    subject = Subject({"spus": [spu], "skus": [trial]})
    used: set[str] = set()
    for number, fingerprints in enumerate(buyers):
        op = {"op": "buy", "member": f"m{number % 5}", "sku": "trial", "term": f"t{number}", "t": EPOCH}
        answer = subject.apply(op | {"fingerprints": fingerprints})
        subjects = {f"m{number % 5}", *fingerprints}
        assert answer.accepted == (not subjects & used), answer
        used |= subjects if answer.accepted else set()


@given(stories(), st.lists(st.integers(0, 400), min_size=1, max_size=6))
def test_every_start_and_end_is_told_once(story: Story, days: list[int]) -> None:
    """ID-14: told when due, nothing written in between; per lane and SKU starts and ends alternate."""
    subject = told(story)
    now = max(heard(op) for op in story.ops)
    for step in sorted(days):
        doing = Doing("job", "", now + step * DAY)
        announce(AnnounceDue(MEMBER), subject.memory.ports, doing)
    timeline, layout = laid(subject)
    facts = (line.fact for line in history(subject))
    told_of = [fact for fact in facts if isinstance(fact, IdentityStarted | IdentityEnded)]
    for key in {(fact.lane_id, fact.sku_id) for fact in told_of}:
        kinds = [type(fact) for fact in told_of if (fact.lane_id, fact.sku_id) == key]
        assert kinds == [IdentityStarted, IdentityEnded] * (len(kinds) // 2) + [IdentityStarted] * (
            len(kinds) % 2
        )
    mark = timeline.announced
    assert set(timeline.holding) == {item.key for item in holdings(layout) if item.holds(mark)}


@given(stories(kinds=("buy", "grant")))
def test_shown_through_a_day_means_held_at_its_last_second(story: Story) -> None:
    """ID-16."""
    timeline, layout = laid(told(story))
    for item in layout.segments:
        zone = timeline.terms[item.term_id].length.zone
        shown = valid_through(item.end, zone)
        last_second = midnight(shown + timedelta(days=1), zone) - 1_000_000
        assert last_second < item.end
        assert item.end <= midnight(shown + timedelta(days=2), zone) - 1_000_000
