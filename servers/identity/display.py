"""What display needs beside the timeline: the catalogue in force and the weights, read once a second."""

import time
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, func, select

from domain.identity.catalog import Catalog
from domain.identity.display import NO_WEIGHTS, Weights
from domain.shared.instants import Instant
from servers.identity.sql.catalogs import SqlCatalogs
from servers.identity.sql.tables import weights as weights_table
from servers.identity.sql.unit import Memory
from servers.identity.wire.catalogs import DEFAULT_ZONE
from servers.store.store import Store

FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class Shown:
    """A catalogue and the weights that order its card types."""

    catalog: Catalog
    weights: Weights

    def zone(self, spu_id: str) -> str:
        """Of a card type; one that is gone from the catalogue is shown in the default zone."""
        return self.catalog.spus[spu_id].zone if spu_id in self.catalog.spus else DEFAULT_ZONE


class Display:
    """Keeps the present `Shown` for a second."""

    def __init__(self, store: Store, memory: Memory) -> None:
        self._store = store
        self._memory = memory
        self._kept: tuple[float, Shown] | None = None

    async def shown(self, now: Instant) -> Shown:
        """Raises NotFound (CATALOG_NOT_FOUND)."""
        begun = time.monotonic()
        if self._kept is None or begun - self._kept[0] > FRESH_SECONDS:
            self._kept = (begun, await self._store.read(self._read, now))
        return self._kept[1]

    def forget(self) -> None:
        """The catalogue, the weights or the clock changed in this process."""
        self._kept = None

    def _read(self, connection: Connection, now: Instant) -> Shown:
        catalog = SqlCatalogs(connection, self._memory.catalogs).current(now)
        return Shown(catalog, read_weights(connection))


def read_weights(connection: Connection) -> Weights:
    """The newest version; version 0 before the first."""
    newest = select(func.max(weights_table.c.version)).scalar_subquery()
    query = select(weights_table.c.version, weights_table.c.content).where(weights_table.c.version == newest)
    found = connection.execute(query).one_or_none()
    return Weights(found.version, orjson.loads(found.content)) if found else NO_WEIGHTS
