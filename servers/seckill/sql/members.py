"""How many units each member of an activity has, beside the limit that the database checks by itself."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, select

from servers.seckill.sql.tables import member as members
from servers.store.rows import insert_rows

_of_these = (
    members.c.activity_id == bindparam("activity"),
    members.c.member_id.in_(bindparam("members", expanding=True)),
)
_SELECT = select(members.c.member_id, members.c.units).where(*_of_these)
_DELETE = delete(members).where(*_of_these)


def units_of(connection: Connection, activity_id: str, member_ids: Sequence[str]) -> dict[str, int]:
    """Members without units are absent."""
    if not member_ids:
        return {}
    rows = connection.execute(_SELECT, {"activity": activity_id, "members": list(member_ids)})
    return {row.member_id: row.units for row in rows}


def write_units(
    connection: Connection,
    activity_id: str,
    before: Mapping[str, int],
    after: Mapping[str, int],
    member_limit: int,
) -> None:
    """Who has none left has no row."""
    known = [member_id for member_id in after if member_id in before]
    if known:
        connection.execute(_DELETE, {"activity": activity_id, "members": known})
    rows = [
        {
            "activity_id": activity_id,
            "member_id": member_id,
            "units": units,
            "member_limit": member_limit,
        }
        for member_id, units in after.items()
        if units
    ]
    insert_rows(connection, members, rows)
