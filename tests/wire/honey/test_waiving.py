"""WAIVE over the wire: what is given up is told beside what was taken back, wherever points are told."""

from typing import Any

from nectary.honey.v1 import calendar_pb2 as calendar
from nectary.honey.v1 import honey_pb2 as honey
from nectary.honey.v1 import liability_service_pb2 as liability
from nectary.honey.v1 import wallet_service_pb2 as pb
from tests.wire.honey import requests as r
from tests.wire.honey.mesh import Mesh, applied, serving
from tests.wire.honey.points import earned, lots, transactions

WAIVES = honey.Programme(
    programme_id="waives",
    shortfall=honey.SHORTFALL_WAIVE,
    waive_budget=honey.WaiveBudget(points=30, window=calendar.WINDOW_MONTH),
)
KIND: dict[str, Any] = {"programme_id": "waives"}


async def test_what_was_spent_is_waived_within_a_budget_of_all_members_together(store_url: str) -> None:
    """HO-2."""
    async with serving(store_url) as mesh:
        await applied(mesh, WAIVES)
        await _spent_and_undone(mesh, "ann", waived=20, owed=0)
        await _spent_and_undone(mesh, "bob", waived=10, owed=10)
        [owes] = (await mesh.liability.GetLiability(liability.GetLiabilityRequest(**KIND))).liabilities
        assert (owes.waived_points, owes.used_points, owes.reversed_points) == (30, 40, 20)


async def _spent_and_undone(mesh: Mesh, member: str, *, waived: int, owed: int) -> None:
    """An earning of 25 is undone after 20 of it were spent."""
    first = await earned(mesh, member, 25, **KIND)
    await mesh.wallets.SpendPoints(r.a_spend(member, 20, **KIND))
    answer = await mesh.wallets.ReversePoints(r.a_reversal(member, first, **KIND))
    assert (answer.points, answer.waived_points) == (25, waived)
    [lot] = await lots(mesh, member, **KIND)
    for found in (answer.balance, lot):
        assert (found.waived_points, found.debt_points) == (waived, owed)
        assert (found.reversed_points, found.earned_points) == (25 - waived, 25)
    assert answer.balance.spent_points == 20
    [*_, last] = await transactions(mesh, member, **KIND)
    told = {entry.account: entry.points for entry in last.entries}
    assert (told[honey.ACCOUNT_WAIVED], told[honey.ACCOUNT_FORGONE]) == (waived, -waived)
    statement = await mesh.wallets.GetStatement(pb.GetStatementRequest(**r.of(member, **KIND)))
    moved = {(one.kind, one.account): one.points for one in statement.movements}
    assert moved[honey.TRANSACTION_KIND_REVERSED, honey.ACCOUNT_WAIVED] == waived
