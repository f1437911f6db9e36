"""What falls due is written and told by the jobs, though nobody asks."""

from datetime import timedelta

import orjson

from servers.honey.sql.tables import common
from servers.store.outbox import Outbox
from tests.wire.honey import requests as r
from tests.wire.honey.mesh import START, Mesh
from tests.wire.honey.points import earned, transactions


async def test_when_the_clock_moves_what_is_due_is_written_and_told(mesh: Mesh) -> None:
    member = r.a_member()
    await earned(mesh, member, 10, active_time=r.later(hours=1), expire_time=r.later(hours=3))
    await mesh.at(START + timedelta(hours=2))
    await mesh.wallets.HoldPoints(r.a_hold(member, 4, expire_time=r.later(hours=4)))
    await mesh.at(START + timedelta(hours=5))
    told = [(one.kind, one.effective_time) for one in await transactions(mesh, member)]
    assert [moment for _, moment in told[1:]] == [r.later(hours=hour) for hour in (1, 2, 3, 4)]
    events = [entry.event for entry in await mesh.store.read(Outbox(common.outbox).unpublished, 100_000)]
    mine = [event for event in events if event.subject.endswith(member)]
    assert [event.type for event in mine] == [
        "PointsEarned",
        "PointsActivated",
        "PointsHeld",
        "PointsExpired",
        "HoldTimedOut",
    ]
    assert [event.seq for event in mine] == [1, 2, 3, 4, 5]
    assert orjson.loads(mine[-1].payload)["balances"] == {"EXPIRED": 10, "ISSUED": -10}
