"""More of chapter four: what members do earns points by rules, brings tasks nearer, and may be returned."""

from clients.times import timestamp_of
from nectary.honey.v1 import earning_service_pb2 as pb
from servers.mesh.cli.demo.story import Story, local

PROGRAMME, BEN = "honey", "ben"


async def three_rides(story: Story) -> None:
    """A cap, a cooldown, and a task."""
    story.tell(
        "5. Three rides",
        "Ben rides four times in a day. A ride gives 5 points, though 10 a day at most, and rides that are "
        "less than an hour apart give some once. Three rides in a week are a task: 30 points more.",
    )
    for number, clock in enumerate(("08:00", "08:30", "10:00", "12:00"), start=1):
        await story.set_clock(f"2026-12-10 {clock}")
        event = _event(f"ride-{number}", "ride.ended", f"2026-12-10 {clock}")
        told = await story.mesh.earning.record_event(PROGRAMME, BEN, event)
        said = next(each for each in told.verdicts if each.rule_id == "ride")
        story.see(f"ben: ride {number}", [f"{said.points} points", said.because or "as the rule says"])
        if told.completed_task_ids:
            story.see("ben: completes", list(told.completed_task_ids))


async def half_an_order(story: Story) -> None:
    """Path-independent: what stays earned is what the rule gives for what stays paid."""
    story.tell(
        "6. Half an order",
        "On the twelfth of December points count twice. Ben orders tea for 60 yuan and a cup for 40; then he "
        "sends the cup back, in two parts. What stays earned is what the rule gives for the tea.",
    )
    await story.set_clock("2026-12-12 20:00")
    order = _event("order-9", "order.paid", "2026-12-12 20:00")
    order.channel, order.currency = "app", "CNY"
    order.items.add(item_id="tea", paid_minor=6_000)
    order.items.add(item_id="cup", paid_minor=4_000)
    dry = await story.mesh.earning.evaluate_event(PROGRAMME, BEN, order)
    story.see("ben: the order would earn", [f"{each.points} by {each.rule_id}" for each in dry.would_earn])
    told = await story.mesh.earning.record_event(PROGRAMME, BEN, order)
    story.see("ben: pending, as it may be returned", told.balance.pending_points)
    taken = [
        (await story.mesh.wallets.refund_order_items(PROGRAMME, "order-9", {"cup": part})).taken_back_points
        for part in (1_333, 2_667)
    ]
    story.see("ben: taken back for the cup", sum(taken))
    tier = await story.mesh.tiers.preview_tier(PROGRAMME, BEN, 1_000)
    story.see("ben: tier, and points that count", [tier.tier.tier_id, str(tier.tier.points)])
    story.see("ben: tier with 1,000 more", tier.would_be.tier_id)
    tasks = (await story.mesh.tasks.list_tasks(PROGRAMME, BEN)).tasks
    story.see(
        "ben: tasks",
        [f"{one.task.task_id} {one.progress.value:,} of {one.progress.target:,}" for one in tasks],
    )


def _event(event_id: str, scene: str, wall: str) -> pb.EarningEvent:
    return pb.EarningEvent(event_id=event_id, scene=scene, event_time=timestamp_of(local(wall)))


SCENES = (three_rides, half_an_order)
