"""HO-1: members give each other points without pause, and whoever looks always sees the same total."""

import asyncio
import os
import random
import time
from contextlib import AsyncExitStack
from itertools import count

from sqlalchemy import Connection, func, select

from domain.honey.accounts import Account
from domain.honey.commands.earn import EarnPoints, earn_points
from domain.honey.commands.operate import TransferPoints, transfer_points
from domain.honey.commands.rules import ApplyRules, apply_rules
from domain.honey.programme import Programme
from domain.honey.verifying import Verifier
from domain.honey.wallets import MEMBER, Owner, wallet_id_of
from domain.shared.doing import Doing
from domain.shared.errors import Raced, Refused
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.tables import common, entry, lot, wallet
from servers.honey.sql.transactions import transactions_behind
from servers.honey.sql.unit import Unit
from servers.mesh.clock import SystemClock
from servers.store.config import StoreConfig
from servers.store.idempotency import Key
from servers.store.store import Store
from servers.store.writes import Write, Writes
from tests.migrated import have_tables

SECONDS = float(os.environ.get("NECTARY_BANK_SECONDS", "2"))
"""`make bank` has it go on for thirty."""
WALLETS = [wallet_id_of("honey", Owner(MEMBER, f"m{number}")) for number in range(8)]
EACH = 1_000
TELLERS = 32
"""Who transfer at the same time, half of them on each of two servers."""


async def test_a_bank_always_sums_to_the_same_total(store_url: str) -> None:
    have_tables(store_url)
    async with AsyncExitStack() as closing:
        stores = [Store(StoreConfig(store_url)) for _ in range(3)]
        for store in stores:
            closing.push_async_callback(store.close)
        servers = [_writes(store) for store in stores[:2]]
        await stores[2].transact(_open)
        tellers = [_Teller(number, servers[number % 2]) for number in range(TELLERS)]
        end = time.monotonic() + SECONDS
        looks, *done = await asyncio.gather(
            _look(stores[2], end), *(teller.transfer(end) for teller in tellers)
        )
        assert looks > 10
        assert sum(done) > 50
        await stores[2].read(_all_add_up)


class _Teller:
    """Moves random amounts between random wallets."""

    def __init__(self, number: int, writes: Writes[Unit]) -> None:
        self._writes = writes
        self._name = f"t{number}"
        self._random = random.Random(number)

    async def transfer(self, end: float) -> int:
        """How many transfers were done; what raced is done again with the same request."""
        done = 0
        for number in count():
            if time.monotonic() > end:
                break
            source, target = self._random.sample(WALLETS, 2)
            name = f"{self._name}-{number}"
            command = TransferPoints(source, target, name, self._random.randint(1, EACH // 2))
            write = Write(transfer_points, command, self._name, "t", bytes(32), Key("bank", name), _no_answer)
            done += await self._once(write)
        return done

    async def _once(self, write: Write) -> bool:
        while True:
            try:
                await self._writes(write)
                return True
            except Refused:
                return False
            except Raced:
                await asyncio.sleep(0)


async def _look(store: Store, end: float) -> int:
    looks = 0
    while time.monotonic() < end:
        assert await store.read(_total) == EACH * len(WALLETS)
        looks += 1
    return looks


def _total(connection: Connection) -> int:
    return int(connection.scalars(select(func.sum(wallet.c.active))).one())


def _all_add_up(connection: Connection) -> None:
    """Wallets are their entries, their lots and their chains."""
    transferred = 0
    for wallet_id in WALLETS:
        standing = Unit(connection, RulesMemory()).ports.wallets.get(wallet_id)
        transferred += standing.balance(Account.TRANSFERRED)
        replayed = connection.execute(
            select(entry.c.account, func.sum(entry.c.points))
            .where(entry.c.wallet_id == wallet_id)
            .group_by(entry.c.account)
        )
        assert {Account(name): int(points) for name, points in replayed if points} == standing.balances
        in_lots = connection.scalar(select(func.sum(lot.c.active)).where(lot.c.wallet_id == wallet_id))
        assert int(in_lots or 0) == standing.balance(Account.ACTIVE)
        verifier = Verifier()
        while rows := transactions_behind(connection, wallet_id, verifier.version, 500):
            assert verifier.take(rows) is None
        assert (verifier.version, verifier.link) == (standing.version, standing.link)
    assert transferred == 0


def _open(connection: Connection) -> None:
    unit = Unit(connection, RulesMemory())
    doing = Doing("bank", "open", SystemClock().now())
    apply_rules(ApplyRules([Programme("honey")]), unit.ports, doing)
    for number, wallet_id in enumerate(WALLETS):
        earn_points(EarnPoints(wallet_id, f"first{number}", EACH), unit.ports, doing)
    unit.keep()
    unit.flush()


def _writes(store: Store) -> Writes[Unit]:
    memory = RulesMemory()
    return Writes(
        "bank", store, lambda connection: Unit(connection, memory), common.idempotency, SystemClock()
    )


def _no_answer(*_: object) -> bytes:
    return b""
