"""How far a job has come that follows the decisions by their number."""

from sqlalchemy import Connection, insert, select, update

from servers.risk.sql.tables import cursor


def read_cursor(connection: Connection, name: str) -> int:
    """The number of the last decision that it is done with; 0 for none."""
    return int(connection.scalar(select(cursor.c.number).where(cursor.c.name == name)) or 0)


def move_cursor(connection: Connection, name: str, number: int) -> None:
    """It is done with this one, too. The job holds a lease, so nobody else moves it."""
    moved = update(cursor).where(cursor.c.name == name).values(number=number)
    if not connection.execute(moved).rowcount:
        connection.execute(insert(cursor), [{"name": name, "number": number}])
