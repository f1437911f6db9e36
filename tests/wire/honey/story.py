"""One exchange a method."""

from datetime import timedelta

from nectary.honey.v1 import earning_service_pb2 as earning
from nectary.honey.v1 import liability_service_pb2 as liability
from nectary.honey.v1 import task_service_pb2 as tasks
from nectary.honey.v1 import tier_service_pb2 as tiers
from nectary.honey.v1 import wallet_service_pb2 as pb
from tests.wire.exchanges import Exchanges
from tests.wire.honey import requests as r
from tests.wire.honey.events import a_recording, a_refund, an_evaluation, an_order
from tests.wire.honey.mesh import HONEY, SERVICES, START, Mesh, the_example, the_rules

ANN, BOB, SHOP = "ann", "bob", "tea_house"


async def told(mesh: Mesh) -> Exchanges[Mesh]:
    """Ann earns at a tea house, holds, spends, changes her mind, and gives Bob what is left."""
    story = Exchanges(mesh, SERVICES)
    await _rules(story)
    await _points(story, mesh)
    await _orders(story, mesh)
    await _looks(story, mesh)
    return story


async def _rules(story: Exchanges[Mesh]) -> None:
    rules = the_rules()
    rules.programmes.append(the_example("nectar"))
    applied = earning.ApplyRulesRequest(
        request_id=r.new_id(), rules=rules, expected_revision=1, reason="a new programme"
    )
    await story.tell("ApplyRules", applied)
    await story.tell("GetRules", earning.GetRulesRequest())


async def _points(story: Exchanges[Mesh], mesh: Mesh) -> None:
    credit = r.an_adjustment(merchant_id=SHOP, points=1_000, cause="invoice-1")
    await story.tell("AdjustPoints", credit)
    earning_ = r.an_earning(
        ANN,
        300,
        merchant_id=SHOP,
        active_time=r.later(days=1),
        expire_time=r.later(days=365),
        cause="order-1",
    )
    await story.tell("EarnPoints", earning_)
    await mesh.at(START + timedelta(days=2))
    kept = (await story.tell("HoldPoints", r.a_hold(ANN, 120, cause="order-2"))).hold.hold_id
    await story.tell("ConfirmHold", r.a_confirmation(ANN, kept, 100, merchant_id=SHOP, cause="order-2"))
    dropped = (await mesh.wallets.HoldPoints(r.a_hold(ANN, 50))).hold.hold_id
    await story.tell("ReleaseHold", r.a_release(ANN, dropped, reason="out of stock"))
    spent = await story.tell("SpendPoints", r.a_spend(ANN, 40, cause="order-3"))
    await story.tell("ReversePoints", r.a_reversal(ANN, spent.transaction_id, 15, reason="one item broken"))
    await story.tell("TransferPoints", r.a_transfer(ANN, BOB, 25, reason="a present"))
    short = await mesh.wallets.EarnPoints(r.an_earning(BOB, 8, expire_time=r.later(days=2, hours=1)))
    await mesh.at(START + timedelta(days=2, hours=2))
    await story.tell("ReinstatePoints", r.a_reinstatement(BOB, short.lot.lot_id, points=5))
    undone = r.a_reversal(ANN, spent.transaction_id, 5)
    many = r.a_batch(r.an_earning(BOB, 4), r.a_spend(BOB, 1_000), r.a_spend(BOB, 2), undone)
    await story.tell("BatchPost", many)


async def _orders(story: Exchanges[Mesh], mesh: Mesh) -> None:
    order = an_order(12_500, 480, order_id="order-7", order_time=r.later(days=2), event_time=r.later(days=2))
    await story.tell("EvaluateEvent", an_evaluation(BOB, order))
    await story.tell("RecordEvent", a_recording(BOB, order))
    await story.tell("GetTier", tiers.GetTierRequest(**r.of(BOB)))
    await story.tell("PreviewTier", tiers.PreviewTierRequest(**r.of(BOB, points=400)))
    await story.tell("ListTasks", tasks.ListTasksRequest(**r.of(BOB)))
    await story.tell("GetTask", tasks.GetTaskRequest(**r.of(BOB, task_id="spender")))
    await story.tell("RefundOrderItems", a_refund("order-7", {"a": 2_500}, reason="one cup broken"))


async def _looks(story: Exchanges[Mesh], mesh: Mesh) -> None:
    await mesh.at(START + timedelta(days=3))
    ann = r.of(ANN)
    await story.tell("GetBalance", pb.GetBalanceRequest(**ann, as_of=r.later(days=2)))
    await story.tell("ListLots", pb.ListLotsRequest(**ann, with_points=True))
    await story.tell("ListTransactions", pb.ListTransactionsRequest(**ann, page_size=2))
    statement = pb.GetStatementRequest(**ann, start_time=r.later(days=1), end_time=r.later(days=3))
    await story.tell("GetStatement", statement)
    await story.tell("VerifyStatement", pb.VerifyStatementRequest(**ann))
    await story.tell("GetLiability", liability.GetLiabilityRequest(programme_id=HONEY, months=2))
