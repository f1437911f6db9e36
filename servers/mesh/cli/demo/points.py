"""Chapter four's scenes: points that are earned, held past their end, owed, and told in a table."""

from clients import Refused
from nectary.honey.v1 import honey_pb2 as pb
from servers.mesh.cli.chain import Chain
from servers.mesh.cli.demo.story import Story, local
from servers.mesh.cli.drawing.statement import statement_table

PROGRAMME, ANN, TEA_HOUSE = "honey", "ann", "tea_house"

_BUCKETS = ("active", "pending", "held", "debt", "spent", "expired", "reversed")


async def two_lots(story: Story) -> None:
    """A merchant pays for one of them."""
    story.tell(
        "1. Two lots",
        "Ann earns 300 points for an order, which are pending for as long as she may return it: a week. A "
        "tea house, which has bought 1,000 points from the programme, gives her 100 that expire in three "
        "days. What expires first is burnt first.",
    )
    wallets = story.mesh.wallets
    await story.set_clock("2026-12-01 10:00")
    await wallets.adjust_points(PROGRAMME, merchant_id=TEA_HOUSE, points=1_000, reason="invoice 1")
    await wallets.earn_points(
        PROGRAMME, ANN, 300, active_at=local("2026-12-08 10:00"), cause="order-1", request_id="demo-order-1"
    )
    await wallets.earn_points(
        PROGRAMME, ANN, 100, merchant_id=TEA_HOUSE, expires_at=local("2026-12-04 00:00"), cause="tea"
    )
    await _see(story, "ann: with two lots", await wallets.get_balance(PROGRAMME, ANN))
    try:
        await wallets.spend_points(PROGRAMME, ANN, 101)
    except Refused as refused:
        story.see("ann: 101 points are refused because of", refused.reason)


async def held_past_their_end(story: Story) -> None:
    """HONOUR: the hold keeps points alive, and gives them no new life."""
    story.tell(
        "2. Held past their end",
        "Ann sets 80 points aside for a cup of tea, and it takes three days until the tea house confirms 50 "
        "of them. The lot has expired meanwhile: what is confirmed is spent, what goes back expires at once.",
    )
    wallets = story.mesh.wallets
    hold = (await wallets.hold_points(PROGRAMME, ANN, 80)).hold
    await story.set_clock("2026-12-04 09:00")
    await _see(story, "ann: the day after", await wallets.get_balance(PROGRAMME, ANN))
    confirmed = await wallets.confirm_hold(PROGRAMME, ANN, hold.hold_id, points=50, merchant_id=TEA_HOUSE)
    await _see(story, "ann: after the tea", confirmed.balance)
    merchant = await wallets.get_balance(PROGRAMME, merchant_id=TEA_HOUSE)
    story.see("tea house: credit, granted, receivable", _figures(merchant, "credit", "granted", "receivable"))


async def a_debt(story: Story) -> None:
    """What was spent and is taken back is owed, and repaid first."""
    story.tell(
        "3. A debt",
        "The 300 points have become active, Ann has spent 250 of them, and then returns the order: 50 are "
        "taken back, 250 are owed. The next 400 that she earns repay them first.",
    )
    wallets = story.mesh.wallets
    await story.set_clock("2026-12-09 10:00")
    [order] = [lot for lot in (await wallets.list_lots(PROGRAMME, ANN)).lots if lot.cause == "order-1"]
    await wallets.spend_points(PROGRAMME, ANN, 250, cause="order-2")
    undone = await wallets.reverse_points(PROGRAMME, ANN, order.lot_id, reason="order 1 was returned")
    await _see(story, "ann: after the return", undone.balance)
    earned = await wallets.earn_points(PROGRAMME, ANN, 400, cause="order-3")
    await _see(story, "ann: after the next order", earned.balance)


async def a_table_that_adds_up(story: Story) -> None:
    """The statement, and the chain, computed here."""
    story.tell(
        "4. The statement",
        "Every column begins with what there was and ends with what there is. Each transaction is chained to "
        "the one before; the chain is computed anew from what the server lists, here and not there.",
    )
    wallets = story.mesh.wallets
    statement = await wallets.get_statement(PROGRAMME, ANN)
    story.output.show(statement_table(statement), "")
    moved = sum(one.points for one in statement.movements if one.account == pb.ACCOUNT_ACTIVE)
    story.see("ann: active by the statement", statement.opening.active_points + moved)
    chain = Chain()
    for transaction in (await wallets.list_transactions(PROGRAMME, ANN, page_size=500)).transactions:
        chain.take(f"{PROGRAMME}:member:{ANN}", transaction)
    story.see("ann: transactions that are as they must be", chain.seq if chain.is_intact else 0)
    story.see("ann: the chain ends at her balance's link", str(chain.link == statement.closing.link))


async def _see(story: Story, name: str, found: pb.Balance) -> None:
    story.see(name, _figures(found, *_BUCKETS))


def _figures(found: pb.Balance, *names: str) -> list[str]:
    """What is not nothing."""
    return [f"{points:,} {name}" for name in names if (points := getattr(found, f"{name}_points"))]


SCENES = (two_lots, held_past_their_end, a_debt, a_table_that_adds_up)
