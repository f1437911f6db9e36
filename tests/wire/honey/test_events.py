"""What members did earns points by the rules of its scene, once; refunds take them back, in any order."""

import asyncio
from datetime import timedelta
from itertools import permutations

from clients import InvalidRequest, NotFound, Refused, Unavailable
from nectary.honey.v1 import earning_service_pb2 as pb
from tests.wire.honey import requests as r
from tests.wire.honey.events import a_recording, a_refund, an_evaluation, an_event, an_order
from tests.wire.honey.mesh import START, Mesh
from tests.wire.honey.points import balance, buckets, earned, lots, refusal, transactions
from tests.wire.honey.scenes import BUDGET, FEW, GOLDEN


async def test_an_order_earns_by_every_rule_of_its_scene(mesh: Mesh) -> None:
    member = r.a_member()
    order = an_order(12_345, 655)
    dry = await mesh.earning.EvaluateEvent(an_evaluation(member, order))
    told = await mesh.earning.RecordEvent(a_recording(member, order))
    assert [(one.rule_id, one.outcome, one.points) for one in told.verdicts] == [
        ("base", pb.RULE_OUTCOME_EARNED, 130),
        ("first_order", pb.RULE_OUTCOME_EARNED, 50),
    ]
    assert list(dry.verdicts) == list(told.verdicts)
    assert [list(one.item_points) for one in dry.would_earn] == [[123, 7], [47, 3]]
    assert buckets(told.balance) == (50, 130, 0, 0)
    found = {lot.earned_points: lot for lot in await lots(mesh, member)}
    assert {lot.lot_id for lot in told.lots} == {lot.lot_id for lot in found.values()}
    assert found[130].active_time.ToDatetime() == (START + timedelta(days=7)).replace(tzinfo=None)
    assert not found[50].HasField("expire_time")
    assert all(lot.cause == order.event_id for lot in found.values())
    [*_, last] = await transactions(mesh, member)
    assert last.transaction_id in {lot.lot_id for lot in told.lots}


async def test_an_event_has_its_effect_once_whatever_the_request_ids(mesh: Mesh) -> None:
    member, order = r.a_member(), an_order(1_000)
    answers = await asyncio.gather(*(mesh.earning.RecordEvent(a_recording(member, order)) for _ in range(64)))
    assert [answer.recorded_before for answer in answers].count(False) == 1
    assert {tuple(sorted(lot.lot_id for lot in answer.lots)) for answer in answers} == {
        tuple(sorted(lot.lot_id for lot in answers[0].lots))
    }
    assert (await balance(mesh, member)).earned_points == 60
    error = await refusal(mesh.earning.RecordEvent(a_recording(member, an_order(9, order_id=order.event_id))))
    assert isinstance(error, InvalidRequest)
    assert error.reason == "IDEMPOTENCY_KEY_REUSED"


async def test_a_crowd_does_not_overdraw_a_budget(mesh: Mesh) -> None:
    """HO-10."""
    members = [r.a_member() for _ in range(64)]
    answers = await asyncio.gather(
        *(mesh.earning.RecordEvent(a_recording(member, an_event(scene=FEW))) for member in members)
    )
    assert sum(answer.verdicts[0].points for answer in answers) == BUDGET
    assert {answer.verdicts[0].outcome for answer in answers} == {
        pb.RULE_OUTCOME_EARNED,
        pb.RULE_OUTCOME_OUT_OF_BUDGET,
    }


async def test_refunds_come_to_the_same_in_any_order_and_before_the_order_itself(mesh: Mesh) -> None:
    """HO-8."""
    ends = set()
    for steps in permutations([{"a": 333}, {"a": 167, "b": 200}, {"b": 57}, {}]):
        member, order_id = r.a_member(), r.new_id()
        await earned(mesh, member, 90)
        spent = await mesh.wallets.SpendPoints(r.a_spend(member, 90))
        order = an_order(500, 257, spent=90, order_id=order_id, spend_transaction_id=spent.transaction_id)
        for step in steps:
            if step:
                await mesh.wallets.RefundOrderItems(a_refund(order_id, step))
            else:
                await mesh.earning.RecordEvent(a_recording(member, order))
        left = await balance(mesh, member)
        ends.add((*buckets(left), left.spent_points, left.earned_points, left.reversed_points))
    assert len(ends) == 1


async def test_a_refund_says_what_stays_of_each_item(mesh: Mesh) -> None:
    member, order = r.a_member(), an_order(1_000, 3_000)
    await mesh.earning.RecordEvent(a_recording(member, order))
    told = await mesh.wallets.RefundOrderItems(a_refund(order.event_id, {"a": 1_000, "b": 500}))
    assert (told.taken_back_points, told.given_back_points, told.awaits_order) == (15, 0, False)
    assert [(one.item_id, one.refunded_minor, one.spent_points) for one in told.items] == [
        ("a", 1_000, 0),
        ("b", 500, 0),
    ]
    assert sum(one.earned_points for one in told.items) == 75
    over = a_refund(order.event_id, {"b": 2_501})
    error = await refusal(mesh.wallets.RefundOrderItems(over))
    assert isinstance(error, Refused)
    assert (error.reason, error.metadata["left"]) == ("MORE_THAN_ORDERED", "2500")
    error = await refusal(mesh.wallets.RefundOrderItems(a_refund(order.event_id, {"z": 1})))
    assert isinstance(error, InvalidRequest)
    assert [one.field for one in error.violations] == ["refunds[0].item_id"]


async def test_what_was_earned_by_an_event_is_reversed_as_any_earning(mesh: Mesh) -> None:
    """And then a refund takes only what is left."""
    member, order = r.a_member(), an_order(1_000)
    told = await mesh.earning.RecordEvent(a_recording(member, order))
    for lot in told.lots:
        await mesh.wallets.ReversePoints(r.a_reversal(member, lot.lot_id))
    refunded = await mesh.wallets.RefundOrderItems(a_refund(order.event_id, {"a": 1_000}))
    assert refunded.taken_back_points == 0
    assert buckets(await balance(mesh, member)) == (0, 0, 0, 0)


async def test_without_identity_an_event_waits_that_only_identity_can_decide(mesh: Mesh) -> None:
    """Nothing is recorded, so that it may be told again."""
    member, event = r.a_member(), an_event(scene=GOLDEN)
    for _ in range(2):
        error = await refusal(mesh.earning.RecordEvent(a_recording(member, event)))
        assert isinstance(error, Unavailable)
        assert error.reason == "ELIGIBILITY_UNKNOWN"
    assert await transactions(mesh, member) == []


async def test_events_that_nobody_can_mean_are_refused(mesh: Mesh) -> None:
    member = r.a_member()
    for event, field in (
        (an_event(scene="no.such"), "event.scene"),
        (an_event(event_time=r.later(minutes=6)), "event.event_time"),
        (an_order(5, order_time=r.later(seconds=1)), "event.order_time"),
        (an_order(5, currency=""), "event.currency"),
        (an_order(5, spent=3), "event.spend_transaction_id"),
        (an_order(10**12 + 1), "event.items[0].paid_minor"),
    ):
        for call in (
            mesh.earning.RecordEvent(a_recording(member, event)),
            mesh.earning.EvaluateEvent(an_evaluation(member, event)),
        ):
            error = await refusal(call)
            assert isinstance(error, InvalidRequest), event
            assert field in {one.field for one in error.violations}
    unknown = an_order(5, spent=3, spend_transaction_id="none")
    assert isinstance(await refusal(mesh.earning.RecordEvent(a_recording(member, unknown))), NotFound)
    assert await transactions(mesh, member) == []


async def test_rules_of_the_order_hold_though_they_changed_before_it_was_paid(mesh: Mesh) -> None:
    member = r.a_member()
    order = an_order(1_000, order_time=r.later(days=-20), event_time=r.later())
    told = await mesh.earning.EvaluateEvent(an_evaluation(member, order))
    assert told.revision == 1
