"""Members who earn, spend, hold, give and take back points, and what must hold of what they were told."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, select

from clients import WalletClient
from nectary.honey.v1 import wallet_service_pb2 as pb
from servers.honey.sql.tables import common, transaction
from tests.faults.crowd import Crowd, Memory
from tests.faults.honey_ground import PROGRAMME
from tests.faults.honey_stories import SERVICE, of
from tests.faults.stories import Call

SHOPS = 4
CREDIT = 10**9
LIFE = timedelta(seconds=20)
"""Of points: longer than any server is away, so that a request again is as good as the first."""
ACTIVE_IN = timedelta(seconds=0.3)
ENOUGH = "INSUFFICIENT_POINTS"
"""They owe what they had spent, or not all is active yet."""


async def open_shops(client: WalletClient) -> None:
    """They can pay for all that is earned."""
    for shop in range(SHOPS):
        await client.adjust_points(PROGRAMME, merchant_id=f"shop-{shop}", points=CREDIT, reason="credit")


def earners(size: int, seed: int) -> Crowd:
    return Crowd(_errand, size, seed, enough=ENOUGH)


def forgotten_or_twice(connection: Connection, memories: Sequence[Memory]) -> Iterator[str]:
    """G4, G5: an answer that was given is stored, and goes with one effect; no effect is without one."""
    wallets = {f"{PROGRAMME}:member:{memory.member_id}": memory for memory in memories}
    effects = defaultdict[tuple[str, str], set[str]](set)
    moved = select(transaction.c.wallet_id, transaction.c.cause, transaction.c.transaction_id).where(
        transaction.c.wallet_id.in_(wallets), transaction.c.cause.startswith("once-")
    )
    for wallet_id, cause, transaction_id in connection.execute(moved):
        effects[wallet_id, cause].add(transaction_id)
    causes = {cause for _, cause in effects} | {name for memory in memories for name in memory.answers}
    answers = common.idempotency.c
    asked = select(answers.request_id, answers.response).where(answers.request_id.in_(causes))
    stored = {row.request_id: row.response for row in connection.execute(asked)}
    for (wallet_id, cause), ids in effects.items():
        if len(ids) != 1 or cause not in stored:
            yield f"{wallet_id}: {cause} had {len(ids)} effects, and {cause in stored} an answer"
    for wallet_id, memory in wallets.items():
        for name, answer in memory.answers.items():
            if stored.get(name) != answer:
                yield f"{wallet_id}: the answer to {name} is not the one that was given"
            if (wallet_id, name) not in effects:
                yield f"{wallet_id}: {name} was answered, and had no effect"


_numbers = count(1)


async def _errand(crowd: Crowd, memory: Memory) -> None:
    """Earn, and then do one of four things with it."""
    chance, shop = crowd.chance, f"shop-{crowd.chance.randrange(SHOPS)}"
    now = datetime.now(UTC)
    earning = pb.EarnPointsRequest(**_of(memory, chance.randint(50, 100)), merchant_id=shop)
    earning.expire_time.FromDatetime(now + LIFE)
    if chance.random() < 0.5:
        earning.active_time.FromDatetime(now + ACTIVE_IN)
    answer = await crowd.ask(memory, Call(f"{SERVICE}/EarnPoints", earning))
    assert answer is not None, "a shop has credit enough"
    act = chance.choice((_spend, _hold, _reverse, _give))
    await act(crowd, memory, pb.EarnPointsResponse.FromString(answer).transaction_id, shop)


async def _spend(crowd: Crowd, memory: Memory, _: str, shop: str) -> None:
    request = pb.SpendPointsRequest(**_of(memory, crowd.chance.randint(1, 50)), merchant_id=shop)
    await crowd.ask(memory, Call(f"{SERVICE}/SpendPoints", request))


async def _hold(crowd: Crowd, memory: Memory, _: str, shop: str) -> None:
    """Confirmed in part."""
    holding = pb.HoldPointsRequest(**_of(memory, crowd.chance.randint(20, 50)))
    answer = await crowd.ask(memory, Call(f"{SERVICE}/HoldPoints", holding))
    if answer is not None:
        hold_id = pb.HoldPointsResponse.FromString(answer).hold.hold_id
        request = pb.ConfirmHoldRequest(**_of(memory, 15), hold_id=hold_id, merchant_id=shop)
        await crowd.ask(memory, Call(f"{SERVICE}/ConfirmHold", request))


async def _reverse(crowd: Crowd, memory: Memory, earning: str, shop: str) -> None:
    """Of an earning that may be spent in part: the rest is owed."""
    await _spend(crowd, memory, earning, shop)
    request = pb.ReversePointsRequest(**_of(memory, 0), reversed_transaction_id=earning)
    await crowd.ask(memory, Call(f"{SERVICE}/ReversePoints", request))


async def _give(crowd: Crowd, memory: Memory, *_: str) -> None:
    friend = f"friend-{crowd.chance.randrange(100)}"
    request = pb.TransferPointsRequest(**_of(memory, crowd.chance.randint(1, 40)), target_member_id=friend)
    await crowd.ask(memory, Call(f"{SERVICE}/TransferPoints", request))


def _of(memory: Memory, points: int) -> dict[str, Any]:
    return of(memory.member_id, points, f"once-{memory.member_id}-{next(_numbers)}")
