"""The port `Movements`: qualifying points, only ever added, with the transactions that brought them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from domain.honey.qualifying import Movement
from domain.honey.wallets import Standing
from servers.honey.sql.tables import movement as table
from servers.store.overlay import Log, Overlay
from servers.store.rows import insert_rows

_ids: BindParameter[str] = bindparam("ids", expanding=True)
_EARNED = select(table).where(table.c.lot_id.in_(_ids), table.c.points > 0)
_OF_WALLET = select(table).where(table.c.wallet_id == bindparam("wallet_id")).order_by(table.c.seq)


class SqlMovements:
    """The port `Movements` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.earned: Overlay[str, Movement] = Overlay(self._load)
        """By the lot that an earning brought."""
        self.added: Log[dict[str, Any]] = Log()

    def of(self, wallet_id: str) -> Sequence[Movement]:
        stored = self._connection.execute(_OF_WALLET, {"wallet_id": wallet_id})
        added = [row for row in self.added.unwritten() if row["wallet_id"] == wallet_id]
        return [*(_movement(row) for row in stored.mappings()), *(_movement(row) for row in added)]

    def of_lot(self, lot_id: str) -> Movement | None:
        return self.earned.get(lot_id)

    def add(self, standing: Standing, lot_id: str, movement: Movement) -> None:
        if movement.points > 0:
            self.earned.put(lot_id, movement)
        self.added.add(_row(standing, lot_id, movement))

    def flush(self) -> None:
        """Write what was added: the version of their wallet, written before, says that they are the next."""
        insert_rows(self._connection, table, self.added.kept)

    def _load(self, ids: Sequence[str]) -> Mapping[str, Movement]:
        rows = self._connection.execute(_EARNED, {"ids": list(ids)}).mappings()
        return {row["lot_id"]: _movement(row) for row in rows}


def _movement(row: Mapping[Any, Any]) -> Movement:
    return Movement(row["points"], row["effective_time"], row["recorded_time"], row["earned_time"])


def _row(standing: Standing, lot_id: str, movement: Movement) -> dict[str, Any]:
    return {
        "wallet_id": standing.wallet_id,
        "seq": standing.version,
        "lot_id": lot_id,
        "points": movement.points,
        "effective_time": movement.effective,
        "recorded_time": movement.recorded,
        "earned_time": movement.earned,
    }
