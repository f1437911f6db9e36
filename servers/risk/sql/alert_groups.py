"""Groups of alerts: what people are to be told, from the transaction in which it happens.

The row of a group is the promise of a message: it says when the next one is due.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.risk.alerts import Group, GroupKey, Happening, Message, due_at, happened, told
from domain.risk.canonical import decoded, encoded
from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.risk.sql.tables import alert_group
from servers.store.faults import is_duplicate


def note(connection: Connection, events: Mapping[GroupKey, Sequence[Happening]]) -> None:
    """Have people told of this: part of the transaction in which it happens.

    Raises Raced if another process tells one of these groups something at this moment.
    """
    # In one order everywhere, so that two writers of two groups do not wait for each other.
    for key in sorted(events):
        version, group = _found(connection, key)
        for event in events[key]:
            group = happened(group, event)
        _save(connection, version, group)


def told_by(connection: Connection, now: Instant, limit: int) -> list[Message]:
    """What at most `limit` groups have to say by now; from here on they count it as said.

    Whoever calls it must see to the messages in the same transaction. Raises Raced as `note`.
    """
    columns = alert_group.c
    due = (
        select(columns.version, columns.content)
        .where(columns.due_time <= now)
        .order_by(columns.due_time)
        .limit(limit)
    )
    messages = []
    for version, content in connection.execute(due).all():
        group, message = told(decoded(Group, content), now)
        _save(connection, version, group)
        messages.append(message)
    return messages


def _found(connection: Connection, key: GroupKey) -> tuple[int, Group]:
    """The group and its version; 0 for a new one."""
    columns = alert_group.c
    row = connection.execute(select(columns.version, columns.content).where(*_is(key))).first()
    return (row.version, decoded(Group, row.content)) if row else (0, Group(key))


def _save(connection: Connection, version: int, group: Group) -> None:
    row = {"version": version + 1, "due_time": due_at(group), "content": encoded(group).encode()}
    if version:
        mine = (*_is(group.key), alert_group.c.version == version)
        if connection.execute(update(alert_group).where(*mine).values(row)).rowcount != 1:
            raise _raced()
        return
    key = {"scene": group.key.scene, "rule_id": group.key.rule_id, "owner": group.key.owner}
    try:
        connection.execute(insert(alert_group), [key | row])
    except IntegrityError as error:
        if is_duplicate(error):
            raise _raced() from error
        raise


def _is(key: GroupKey) -> tuple[ColumnElement[bool], ...]:
    columns = alert_group.c
    return (columns.scene == key.scene, columns.rule_id == key.rule_id, columns.owner == key.owner)


def _raced() -> Raced:
    return Raced("TRANSACTION_RACED", "another process told the same group something")
