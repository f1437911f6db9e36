"""Activities and commands with defaults."""

import itertools
from typing import Any
from uuid import uuid4

from domain.seckill.activity import Activity, ActivityState, Settings, SkuItem
from domain.seckill.commands import Command, Pay, Reserve
from domain.shared.instants import DAY, HOUR
from domain.shared.money import Money
from servers.seckill.sale.group import Work
from servers.seckill.sale.telling import Cause
from servers.seckill.sql.activities import add_activity
from servers.store.store import Store
from tests.fakes import EPOCH

PRICE = Money("CNY", 9_900)
PAYMENT_SECONDS = 900
_numbers = itertools.count(1)


def an_activity(stock: int = 3, **more: Any) -> Activity:
    """It sells from an hour before the tests' clock begins, for a day."""
    state = more.pop("state", ActivityState.PUBLISHED)
    name = more.pop("name", "") or f"sale_{next(_numbers)}"
    usual: dict[str, Any] = {
        "title": "Gold cards",
        "item": SkuItem("gold_monthly"),
        "price": PRICE,
        "opens": EPOCH - HOUR,
        "closes": EPOCH + DAY,
        "stock": stock,
        "member_limit": 1,
        "payment_seconds": PAYMENT_SECONDS,
    }
    settings = Settings(**(usual | more))
    return Activity(name, 1, state, settings, EPOCH, EPOCH)


async def opened(store: Store, stock: int = 3, **more: Any) -> Activity:
    """It is in the database."""
    activity = an_activity(stock, **more)
    await store.transact(add_activity, activity)
    return activity


def a_reserve(member: str, request_id: str = "", quantity: int = 1, **more: Any) -> Reserve:
    return Reserve(uuid4().hex, member, request_id or f"r-{member}", quantity, "", **more)


def a_payment(order_id: str, payment_id: str = "", amount: Money = PRICE, **more: Any) -> Pay:
    return Pay(order_id, payment_id or f"pay-{order_id}", amount, more.get("paid"))


def work_of(activity: Activity, command: Command, **more: Any) -> Work:
    return Work(activity.activity_id, command, Cause("a test", "request-1"), **more)
