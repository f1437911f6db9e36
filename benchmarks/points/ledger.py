"""Honey's tables past its server: filled in bulk by the ledger's own rules, and judged by what lies in them.

A wallet is filled through `Wallet.post`, so that balances, lots and chain are the ledger's own. Two things
are unlike earnings over the wire: one transaction brings up to 100 lots, and they are active without having
been pending.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Engine, text

from benchmarks.points.verdict import require_sound
from domain.honey.accounts import Account
from domain.honey.commands.operate import AdjustPoints, adjust_points
from domain.honey.commands.rules import ApplyRules, apply_rules
from domain.honey.lots import Lot
from domain.honey.programme import Programme
from domain.honey.transactions import Entry, Kind
from domain.honey.wallet import Occasion, Wallet
from domain.honey.wallets import MEMBER, MERCHANT, Owner, wallet_id_of
from domain.shared.doing import Doing
from domain.shared.instants import Instant
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.unit import Unit
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine

PROGRAMME = "honey"
BEGAN: Instant = 1_767_225_600_000_000
"""When all that is filled in was earned: 2026-01-01."""
TOGETHER = 100
"""Lots that one transaction brings."""
AT_ONCE = 10_000
"""Lots that are written at once."""
_DOING = Doing("benchmark", "filling", BEGAN)


@dataclass(frozen=True)
class Filling:
    """What each wallet gets."""

    lots: int
    points: int
    """Of each lot."""
    expires: Instant | None = None


class Ledger:
    """One database of Honey, with one programme."""

    def __init__(self, store_url: str) -> None:
        self.engine: Engine = blocking_engine(StoreConfig(store_url))
        self._memory = RulesMemory()
        self._written(lambda unit: apply_rules(ApplyRules([Programme(PROGRAMME)]), unit.ports, _DOING))

    def fill(self, wallet_ids: Sequence[str], filling: Filling) -> None:
        """Lots for each of some new wallets."""
        steps = [min(AT_ONCE, filling.lots - start) for start in range(0, filling.lots, AT_ONCE)]
        many = max(1, AT_ONCE // filling.lots)
        for start in range(0, len(wallet_ids), many):
            for count in steps:
                self._some(wallet_ids[start : start + many], filling, count)

    def credit(self, merchant_id: str, points: int) -> None:
        """A merchant buys points."""
        command = AdjustPoints(merchant_wallet(merchant_id), uuid4().hex, points)
        self._written(lambda unit: adjust_points(command, unit.ports, _DOING))

    def value(self, query: str, **given: object) -> int:
        """What a query for one number answers."""
        with self.engine.begin() as connection:
            return int(connection.execute(text(query), given).scalar_one() or 0)

    def run(self, statement: str, **given: object) -> int:
        """A statement in a transaction of its own; how many rows it changed."""
        with self.engine.begin() as connection:
            return connection.execute(text(statement), given).rowcount

    def copy(self, source: str, target: str) -> int:
        """All rows of a table into another that has the same columns; how many."""
        return self.run(f"INSERT INTO {target} SELECT * FROM {source}")  # noqa: S608  # our own tables

    def require_sound(self, chains: Sequence[str]) -> None:
        """Raises AssertionError if the tables contradict themselves; chains are computed anew for some."""
        with self.engine.begin() as connection:
            require_sound(connection, chains)

    def close(self) -> None:
        self.engine.dispose()

    def _some(self, wallet_ids: Sequence[str], filling: Filling, count: int) -> None:
        def fill(unit: Unit) -> None:
            for wallet_id in wallet_ids:
                wallet = Wallet(unit.ports, wallet_id, _DOING, Occasion(uuid4().hex, "filled"))
                for start in range(0, count, TOGETHER):
                    _earned_together(wallet, filling, min(TOGETHER, count - start))
                wallet.close()

        self._written(fill)

    def _written(self, work: Callable[[Unit], object]) -> None:
        with self.engine.begin() as connection:
            unit = Unit(connection, self._memory)
            work(unit)
            unit.keep()
            unit.flush()


def _earned_together(wallet: Wallet, filling: Filling, count: int) -> None:
    entries: list[Entry] = []
    for _ in range(count):
        lot = Lot(uuid4().hex, wallet.wallet_id, filling.points, BEGAN, filling.expires)
        wallet.add(lot)
        entries.append(Entry(Account.ISSUED, -filling.points, lot.lot_id))
        entries.append(Entry(Account.ACTIVE, filling.points, lot.lot_id))
    wallet.post(Kind.EARNED, entries)


def member_wallet(member_id: str) -> str:
    return wallet_id_of(PROGRAMME, Owner(MEMBER, member_id))


def merchant_wallet(merchant_id: str) -> str:
    return wallet_id_of(PROGRAMME, Owner(MERCHANT, merchant_id))
