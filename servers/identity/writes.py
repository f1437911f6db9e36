"""Identity's writes: commands in groups, after which what was remembered of their members is renewed."""

from collections.abc import Callable, Sequence

from servers.identity.calendar_end import within_calendar
from servers.identity.sql.tables import common
from servers.identity.sql.unit import Memory, Unit
from servers.mesh.clock import Clock
from servers.store.store import Store
from servers.store.writes import Writes


def identity_writes(
    store: Store, memory: Memory, clock: Clock, written: Callable[[Sequence[str]], None]
) -> Writes[Unit]:
    """`written` hears, after each commit, of the members whose timelines it changed."""
    return Writes(
        "identity",
        store,
        lambda connection: Unit(connection, memory),
        common.idempotency,
        clock,
        written=lambda unit: written(unit.remember()),
        around=within_calendar,
    )
