"""Activities with their tranches, and the lock that everything else of an activity hangs on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, Select, bindparam, delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from domain.seckill.activity import Activity, Standing
from domain.shared.errors import Raced
from servers.mesh.clock import Clock
from servers.seckill.sql.documents import decode, encode
from servers.seckill.sql.tables import activity as activities
from servers.seckill.sql.tables import tranche as tranches
from servers.store.database_time import NOW, asks_database, now_of
from servers.store.faults import is_duplicate
from servers.store.rows import insert_rows

_MOVE_ON = (
    update(activities)
    .where(
        activities.c.activity_id == bindparam("id"),
        activities.c.version == bindparam("as_read"),
        activities.c.taken + bindparam("units") <= activities.c.stock,
    )
    .values(
        taken=activities.c.taken + bindparam("units"),
        version=activities.c.version + 1,
        moves=activities.c.moves + bindparam("told"),
    )
)
_TAKE = (
    update(tranches)
    .where(
        tranches.c.activity_id == bindparam("id"),
        tranches.c.number == bindparam("tranche"),
        tranches.c.taken + bindparam("units") <= tranches.c.stock,
    )
    .values(taken=tranches.c.taken + bindparam("units"))
)
_VERSION = select(activities.c.version).where(activities.c.activity_id == bindparam("id"))


@dataclass(frozen=True, slots=True)
class Read:
    """An activity as one transaction saw it."""

    standing: Standing
    version: int
    """The optimistic lock."""
    moves: int
    """Events of its stock so far."""

    @property
    def activity(self) -> Activity:
        return self.standing.activity


def read_activity(
    connection: Connection, activity_id: str, clock: Clock, *, lock: bool = False
) -> Read | None:
    """The activity with its tranches and the time, in one statement; None if there is none.

    With `lock` nobody else moves it on before this transaction ends.
    """
    query = _read(asks_database(connection, clock), lock)
    rows = connection.execute(query, {"id": activity_id}).all()
    if not rows:
        return None
    taken = {row.number: row.tranche_taken for row in rows}
    now = now_of(rows[0].now, clock)
    return Read(Standing(decode(rows[0].content), taken, now), rows[0].version, rows[0].moves)


def move_on(connection: Connection, read: Read, units_by_tranche: Mapping[int, int], told: int = 0) -> None:
    """Take units, or give back, and move the version on: the first write of every change.

    `told`: how many events of its stock go with it.
    Raises Raced if the activity is no longer at the version that was read. From here on nobody else
    changes anything of it before this transaction ends, and what was read since is as it was then.
    """
    activity_id = read.activity.activity_id
    units = sum(units_by_tranche.values())
    moved = {"id": activity_id, "as_read": read.version, "units": units, "told": told}
    if connection.execute(_MOVE_ON, moved).rowcount != 1:
        raise _lost()
    for number, units in units_by_tranche.items():
        if units:
            taken = {"id": activity_id, "tranche": number, "units": units}
            if connection.execute(_TAKE, taken).rowcount != 1:
                raise ValueError(f"tranche {number} of {activity_id} has not {units} units left")


def confirm(connection: Connection, read: Read) -> None:
    """Raises Raced if the activity has moved on: then what was read may be of different moments."""
    if connection.scalar(_VERSION, {"id": read.activity.activity_id}) != read.version:
        raise _lost()


def add_activity(connection: Connection, activity: Activity) -> None:
    """Raises Raced if another was faster with this id."""
    row = _row(activity) | {"activity_id": activity.activity_id, "version": 1, "taken": 0, "moves": 0}
    try:
        connection.execute(insert(activities), row)
    except IntegrityError as error:
        if is_duplicate(error):
            raise _lost() from error
        raise
    _write_tranches(connection, activity, {})


def change_activity(connection: Connection, read: Read, activity: Activity, told: int = 0) -> None:
    """Write what an operator changed. Raises Raced as `move_on`, and counts events as it does."""
    same = (activities.c.activity_id == activity.activity_id, activities.c.version == read.version)
    columns = {"version": read.version + 1, "moves": read.moves + told}
    changed = update(activities).where(*same).values(**_row(activity), **columns)
    if connection.execute(changed).rowcount != 1:
        raise _lost()
    connection.execute(delete(tranches).where(tranches.c.activity_id == activity.activity_id))
    _write_tranches(connection, activity, read.standing.taken)


def _write_tranches(connection: Connection, activity: Activity, taken: Mapping[int, int]) -> None:
    rows = [
        {
            "activity_id": activity.activity_id,
            "number": part.number,
            "stock": part.stock,
            "taken": taken.get(part.number, 0),
        }
        for part in activity.settings.parts
    ]
    insert_rows(connection, tranches, rows)


def _row(activity: Activity) -> dict[str, object]:
    return {
        "state": activity.state.value,
        "opens_time": activity.settings.opens,
        "closes_time": activity.settings.closes,
        "stock": activity.settings.stock,
        "content": encode(activity),
    }


@lru_cache(maxsize=4)
def _read(with_time: bool, lock: bool) -> Select[tuple[bytes, int, int, int, int, int | None]]:
    query = (
        select(
            activities.c.content,
            activities.c.version,
            activities.c.moves,
            tranches.c.number,
            tranches.c.taken.label("tranche_taken"),
            (NOW if with_time else literal(None)).label("now"),
        )
        .join(tranches, tranches.c.activity_id == activities.c.activity_id)
        .where(activities.c.activity_id == bindparam("id"))
        .order_by(tranches.c.number)
    )
    return query.with_for_update() if lock else query


def _lost() -> Raced:
    return Raced("TRANSACTION_RACED", "another group was first on this activity")
