"""The unit of work: Identity's ports for a group of commands in one transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from domain.identity.ports import IdentityPorts
from domain.identity.terms import Cause
from servers.identity.sql.cache import TimelineCache
from servers.identity.sql.cards import SqlCards
from servers.identity.sql.catalogs import CatalogMemory, SqlCatalogs
from servers.identity.sql.claims import SqlClaims
from servers.identity.sql.orders import SqlOrders
from servers.identity.sql.timelines import SqlTimelines
from servers.mesh.clock import Clock, SystemClock


class Memory:
    """What one process remembers between transactions: nothing that could be out of date."""

    def __init__(self, system_clock: Clock | None = None) -> None:
        self.timelines = TimelineCache()
        self.catalogs = CatalogMemory()
        self.system_clock = system_clock or SystemClock()
        """The machine's own time, which no test clock moves."""


class Unit:
    """All ports over one connection. Commands keep or drop what they wrote; `flush` writes what was kept."""

    def __init__(self, connection: Connection, memory: Memory) -> None:
        self._timelines = SqlTimelines(connection, memory.timelines, memory.system_clock)
        self._orders = SqlOrders(connection)
        self._claims = SqlClaims(connection)
        self._cards = SqlCards(connection)
        self._overlays = (
            self._timelines.pages,
            self._orders.rows,
            self._orders.waiting,
            self._orders.refunds,
            self._claims.causes,
            self._claims.trials,
            self._claims.released,
            self._cards.batches,
            self._cards.rows,
        )
        self.ports = IdentityPorts(
            self._timelines, SqlCatalogs(connection, memory.catalogs), self._orders, self._claims, self._cards
        )

    def prefetch(self, commands: Sequence[Any]) -> None:
        """Read what a group of commands will ask for, in one query a table."""
        order_ids = _named(commands, "order_id")
        self._orders.rows.prefetch(order_ids)
        self._orders.waiting.prefetch(order_ids)
        buyers = [command.purchase.member_id for command in commands if hasattr(command, "purchase")]
        owners = [order.member_id for order_id in order_ids if (order := self._orders.rows.get(order_id))]
        self._timelines.pages.prefetch([*_named(commands, "member_id"), *buyers, *owners])
        refunds = [command for command in commands if hasattr(command, "refund_id")]
        self._orders.refunds.prefetch((refund.member_id, refund.refund_id) for refund in refunds)
        causes: Iterable[Cause] = (command.cause for command in commands if hasattr(command, "cause"))
        self._claims.causes.prefetch((cause.kind.value, cause.id) for cause in causes)

    def keep(self) -> None:
        """The command succeeded."""
        for overlay in self._overlays:
            overlay.keep()

    def drop(self) -> None:
        """The command was refused: it leaves nothing."""
        for overlay in self._overlays:
            overlay.drop()

    def confirm(self) -> None:
        """See that all that was read was there at one moment. Raises Raced if it may not have been.

        On MySQL each statement sees what is committed when it begins, so that rows read by several may
        contradict each other. What is written is checked by `flush`; this is for conclusions that write
        nothing.
        """
        self._timelines.confirm()
        for overlay in (
            self._orders.rows,
            self._orders.waiting,
            self._orders.refunds,
            self._claims.causes,
            self._claims.trials,
            self._cards.rows,
        ):
            overlay.confirm()

    def flush(self) -> None:
        """Write what was kept. Raises Raced if another writer was first anywhere."""
        self._timelines.lock()
        self._orders.flush()
        self._claims.flush()
        self._cards.flush()
        self._timelines.flush()

    def remember(self) -> Sequence[str]:
        """Call after the commit: the members whose timelines changed."""
        return self._timelines.remember()


def _named(commands: Sequence[Any], field: str) -> list[str]:
    """The ids that commands carry under a name; empty ones are none."""
    return [value for command in commands if (value := getattr(command, field, ""))]
