"""The five scenes of chapter one. Each tells, acts, draws, and notes what it saw."""

from clients import Refused
from clients.times import datetime_of
from nectary.identity.v1 import identity_pb2 as pb
from servers.mesh.cli.demo.story import ZONE, Story, at_school, in_app, last_days, shown
from servers.mesh.cli.effects import explanation, purchase_lines, termination_lines
from servers.mesh.cli.words import word_of


async def two_cards_side_by_side(story: Story) -> None:
    """Different card types stack."""
    story.tell(
        "1. Two cards side by side",
        "Lin buys an annual gold card and then a Fengxiang card. They are different card types, so neither "
        "waits for the other: each runs in a lane of its own. A year ends with the anniversary, as the day "
        "of purchase does not count.",
    )
    await story.set_clock("2026-11-22 10:00")
    gold = await story.buy(in_app("lin", "gold_annual"))
    fengxiang = await story.buy(in_app("lin", "fengxiang_annual"))
    held = (await story.mesh.identity.list_identities("lin")).identities
    story.see("lin: how both cards were placed", [_placement(gold.term), _placement(fengxiang.term)])
    story.see(
        "lin: price of both, in fen", gold.order.payable.amount_minor + fengxiang.order.payable.amount_minor
    )
    story.see("lin: last days", last_days(await story.draw("lin")))
    story.see("lin: cards in display order", [identity.sku_id for identity in held])


async def an_upgrade(story: Story) -> None:
    """Quarterly gold is upgraded to annual; its rest is credited by the second."""
    story.tell(
        "2. An upgrade",
        "Wei holds a quarterly gold card and after 30 days buys the annual one. The relation table says "
        "UPGRADE_NOW with CREDIT_MONEY: the quarterly card ends at that second, and what its remaining "
        "1,502 of 2,222 hours are worth, of 99.00 yuan, is taken off the new price.",
    )
    await story.buy(in_app("wei", "gold_quarterly"))
    await story.set_clock("2026-12-22 10:00")
    preview = await story.mesh.identity.preview_purchase(in_app("wei", "gold_annual"))
    story.output.show(*purchase_lines(preview.effect, ZONE))
    upgrade = await story.buy(in_app("wei", "gold_annual"))
    timeline = await story.draw("wei")
    story.see("wei: credit for the rest, in fen", upgrade.order.credit.amount_minor)
    story.see("wei: to pay, in fen", upgrade.order.payable.amount_minor)
    story.see("wei: how it was placed", _placement(upgrade.term))
    story.see("wei: the quarterly card is", word_of(pb.TermState.DESCRIPTOR, timeline.terms[0].state))
    story.see("wei: last days", last_days(timeline))


async def a_refund_undone(story: Story) -> None:
    """The middle one of three queued cards is refunded; then that is undone."""
    story.tell(
        "3. A refund, and its reversal",
        "Mei buys three quarterly gold cards at once: the second and third queue behind the first. Two weeks "
        "later the middle one is refunded, and the third closes up. Then the refund turns out to be a "
        "mistake and is reversed: everything lies as if it had never been.",
    )
    terms = [(await story.buy(in_app("mei", "gold_quarterly"))).term for _ in range(3)]
    story.see("mei: last days of three", last_days(await story.draw("mei")))
    await story.set_clock("2027-01-05 10:00")
    effect = await story.mesh.identity.preview_termination("mei", terms[1].term_id)
    story.output.show(*termination_lines(effect, ZONE))
    await story.mesh.identity.terminate_term(
        "mei", term_id=terms[1].term_id, refund_id="refund-mei", reason="asked for"
    )
    story.see("mei: paid back, in fen", effect.terminations[0].refund.amount_minor)
    story.see("mei: last days after the refund", last_days(await story.draw("mei")))
    story.say("The refund is reversed:")
    await story.mesh.identity.reinstate_term("mei", "refund-mei", reason="a mistake")
    story.see("mei: last days after the reversal", last_days(await story.draw("mei")))


async def a_conflict_explained(story: Story) -> None:
    """A purchase is refused, and every rule says why or why not."""
    story.tell(
        "4. A purchase refused, and explained",
        "Lin's school sells her a student card. It is the students' price for the annual gold card, and a "
        "rule forbids holding both. The order is refused; ExplainPurchase holds it against every rule and "
        "says when it would be accepted.",
    )
    wish = at_school("lin", "student_year")
    try:
        await story.mesh.identity.create_order(wish)
        story.see("lin: the student card is refused because of", "nothing")
    except Refused as refusal:
        story.say(f"refused: {refusal.reason}: {refusal.message}")
        story.see("lin: the student card is refused because of", refusal.reason)
        story.see("lin: by the rule", refusal.metadata.get("rule_id", ""))
    why = await story.mesh.identity.explain_purchase(wish)
    story.output.show(*explanation(why, ZONE), "")
    failed = [word_of(pb.RuleCheckKind.DESCRIPTOR, one.kind) for one in why.checks if not one.passed]
    story.see("lin: checks that fail", failed)
    story.see("lin: the earliest start", shown(datetime_of(why.earliest_start_time)))


async def a_year_passes(story: Story) -> None:
    """Cards start and end by themselves, each start and end with exactly one event."""
    story.tell(
        "5. A year passes",
        "The clock is moved to the end of 2027. Nobody calls, yet every moment at which a card began or "
        "ceased to hold has exactly one event. And now the student card is sold: it ends with the school "
        "year, whenever it is bought.",
    )
    await story.set_clock("2027-12-24 10:00")
    for member in ("lin", "wei", "mei"):
        page = await story.mesh.identity.list_events(
            member, types=(pb.EVENT_TYPE_IDENTITY_STARTED, pb.EVENT_TYPE_IDENTITY_ENDED)
        )
        lines = [_line(event) for event in sorted(page.events, key=_turn)]
        story.output.show(f"{member}:", *(f"  {line}" for line in lines))
        story.see(f"{member}: started and ended", lines)
    await story.buy(at_school("lin", "student_year"))
    story.say("")
    story.see("lin: last days after a year", last_days(await story.draw("lin")))


SCENES = (two_cards_side_by_side, an_upgrade, a_refund_undone, a_conflict_explained, a_year_passes)


def _placement(term: pb.Term) -> str:
    return word_of(pb.Placement.DESCRIPTOR, term.placement)


def _turn(event: pb.TimelineEvent) -> tuple[int, str, str]:
    """Ends before starts where they fall together; lanes that do so have no order of their own."""
    return event.effective_time.ToNanoseconds(), _kind(event), event.sku_id


def _line(event: pb.TimelineEvent) -> str:
    return f"{shown(datetime_of(event.effective_time))} {event.sku_id} {_kind(event)}"


def _kind(event: pb.TimelineEvent) -> str:
    return word_of(pb.EventType.DESCRIPTOR, event.type).removeprefix("identity ")
