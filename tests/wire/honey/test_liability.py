"""What a programme owes: every lot counted once."""

from nectary.honey.v1 import honey_pb2 as honey
from nectary.honey.v1 import liability_service_pb2 as pb
from tests.wire.honey import requests as r
from tests.wire.honey.mesh import Mesh, applied, serving
from tests.wire.honey.points import earned, refusal


async def owed(mesh: Mesh, programme: str, months: int = 3) -> dict[str, pb.Liability]:
    """By who pays."""
    request = pb.GetLiabilityRequest(programme_id=programme, months=months)
    answer = await mesh.liability.GetLiability(request)
    return {one.funding_merchant_id: one for one in answer.liabilities}


def expiring(found: pb.Liability) -> dict[str, int]:
    return {one.month: one.points for one in found.expiring if one.points}


async def test_every_lot_is_counted_once(store_url: str) -> None:
    """START is 1 March 2027, noon in Shanghai."""
    async with serving(store_url) as mesh:
        await applied(mesh, honey.Programme(programme_id="other"))
        await mesh.wallets.AdjustPoints(r.an_adjustment(merchant_id="shop", points=500))
        await earned(mesh, "ann", 100, expire_time=r.later(days=10))
        await earned(mesh, "ann", 50, expire_time=r.later(days=40), active_time=r.later(days=1))
        await earned(mesh, "bob", 70)
        await earned(mesh, "bob", 30, merchant_id="shop", expire_time=r.later(days=400))
        await earned(mesh, "bob", 9, programme_id="other")
        await mesh.wallets.SpendPoints(r.a_spend("ann", 40))
        await mesh.wallets.HoldPoints(r.a_hold("ann", 20, expire_time=r.later(days=20)))
        found = await owed(mesh, "honey")
        own, shop = found[""], found["shop"]
        assert (own.active_points, own.pending_points, own.held_points) == (110, 50, 20)
        assert (own.earned_points, own.used_points, own.breakage_ppm) == (220, 40, 0)
        assert (expiring(own), own.later_points, own.never_points) == ({"2027-03": 60, "2027-04": 50}, 0, 70)
        assert (shop.active_points, expiring(shop), shop.later_points) == (30, {}, 30)
        assert list(await owed(mesh, "other")) == [""]


async def test_a_programme_that_is_not_there_is_not_found(mesh: Mesh) -> None:
    error = await refusal(owed(mesh, "nowhere"))
    assert (error.reason, error.metadata) == ("PROGRAMME_NOT_FOUND", {"programme_id": "nowhere"})
