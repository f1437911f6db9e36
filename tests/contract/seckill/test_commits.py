"""The group commit: exactly the stock is sold, and each command of a group has its own answer."""

import asyncio

import pytest

from domain.shared.errors import DomainError
from servers.seckill.sale.commits import Commits
from servers.seckill.sale.group import Decided
from servers.store.store import Store
from tests.contract.seckill.activities import a_reserve, opened, work_of
from tests.contract.seckill.books import books_of, violations
from tests.contract.seckill.conftest import OpenStore
from tests.fakes import FakeClock

BUYERS = 96


def reasons(outcomes: list[Decided | BaseException]) -> list[str]:
    return [outcome.reason for outcome in outcomes if isinstance(outcome, DomainError)]


@pytest.mark.parametrize("stock", [1, 2, 64, 100])
async def test_a_crowd_is_sold_exactly_the_stock(
    seckill_store: Store, seckill_url: str, commits: Commits, stock: int
) -> None:
    """SK-1, SK-2, I1, I2; rows 1, 2 and 14: the last group is not refused as a whole."""
    activity = await opened(seckill_store, stock)
    crowd = [commits(work_of(activity, a_reserve(f"m{number}"))) for number in range(BUYERS + 10)]
    outcomes = await asyncio.gather(*crowd, return_exceptions=True)
    books = books_of(seckill_url, activity.activity_id)
    assert list(violations(books)) == []
    assert books.held == stock
    assert reasons(outcomes) == ["SOLD_OUT"] * (BUYERS + 10 - stock)


async def test_several_processes_sell_exactly_the_stock(
    open_store: OpenStore, seckill_url: str, clock: FakeClock
) -> None:
    """SK-1, SK-2; rows 6, 7 and 19: whoever loses a race goes again, and nobody is refused for it."""
    stores = [open_store() for _ in range(4)]
    activity = await opened(stores[0], 100)
    processes = [Commits(store, clock, None, None) for store in stores]
    crowd = [processes[number % 4](work_of(activity, a_reserve(f"m{number}"))) for number in range(140)]
    outcomes = await asyncio.gather(*crowd, return_exceptions=True)
    books = books_of(seckill_url, activity.activity_id)
    assert list(violations(books)) == []
    assert books.held == 100
    assert reasons(outcomes) == ["SOLD_OUT"] * 40
