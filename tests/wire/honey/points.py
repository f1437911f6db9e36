"""Short ways to do and to look at what tests are not about."""

from collections.abc import Awaitable
from typing import Any

from clients import NectaryError
from nectary.honey.v1 import honey_pb2 as honey
from nectary.honey.v1 import wallet_service_pb2 as pb
from tests.wire.honey import requests as r
from tests.wire.honey.mesh import Mesh


async def earned(mesh: Mesh, member: str, points: int = 100, **more: Any) -> str:
    """The transaction."""
    return (await mesh.wallets.EarnPoints(r.an_earning(member, points, **more))).transaction_id


async def balance(mesh: Mesh, member: str, **more: Any) -> honey.Balance:
    return (await mesh.wallets.GetBalance(pb.GetBalanceRequest(**r.of(member, **more)))).balance


async def lots(mesh: Mesh, member: str, **more: Any) -> list[honey.Lot]:
    return list((await mesh.wallets.ListLots(pb.ListLotsRequest(**r.of(member, **more)))).lots)


async def transactions(mesh: Mesh, member: str, **more: Any) -> list[honey.Transaction]:
    request = pb.ListTransactionsRequest(**r.of(member, page_size=500, **more))
    return list((await mesh.wallets.ListTransactions(request)).transactions)


async def refusal(call: Awaitable[object]) -> NectaryError:
    """The typed error of a call that must fail."""
    try:
        answer = await call
    except NectaryError as error:
        return error
    raise AssertionError(f"not refused: {answer!r}")


def buckets(found: honey.Balance) -> tuple[int, int, int, int]:
    """Active, pending, held, owed."""
    return found.active_points, found.pending_points, found.held_points, found.debt_points
