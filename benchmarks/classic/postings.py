"""EarnPoints as it is classically built: one transaction for each posting, committed before the next begins.

    python -m benchmarks.classic.postings STORE_URL

The tables, the rules and the ports are Honey's own, and so is what each posting writes, its events included.
Only group commit is missing. Postings stand in line in the process, where the lock of the merchant's row
would make them stand in the database: so nobody is ever sent back. There are no interceptors, no answers are
kept for repeats, and no relay runs: all that is left out makes it faster.
"""

import asyncio
import sys
from typing import Any

import uvloop
from sqlalchemy import Connection

from benchmarks.measuring.serving import serve
from domain.honey.commands.earn import Earned, EarnPoints, earn_points
from domain.shared.doing import Doing
from nectary.honey.v1 import wallet_service_pb2 as pb
from servers.honey.asking import earning_of
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.unit import Unit
from servers.honey.wire import wallets as wire
from servers.mesh.clock import SystemClock
from servers.store.config import StoreConfig
from servers.store.store import Store

SERVICE = "benchmarks.ClassicPostings"


async def _main(store_url: str) -> None:
    store, memory, clock = Store(StoreConfig(store_url)), RulesMemory(), SystemClock()
    line = asyncio.Lock()

    def post(connection: Connection, command: EarnPoints, doing: Doing) -> Earned:
        unit = Unit(connection, memory)
        unit.prefetch([command])
        earned = earn_points(command, unit.ports, doing)
        unit.keep()
        unit.flush()
        return earned

    async def earn(request: pb.EarnPointsRequest, context: Any) -> pb.EarnPointsResponse:
        command = earning_of(request)
        async with line:
            doing = Doing("benchmark", request.request_id, clock.now())
            earned = await store.transact(post, command, doing)
        return pb.EarnPointsResponse(
            transaction_id=command.transaction_id,
            lot=wire.lot(earned.lot),
            balance=wire.balance(earned.standing, doing.now),
        )

    await serve(SERVICE, {"EarnPoints": (earn, pb.EarnPointsRequest)})
    await store.close()


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1]))
