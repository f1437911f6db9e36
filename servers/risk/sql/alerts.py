"""Messages on their way to people: an outbox, a row for each channel and recipient."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select, update

from domain.risk.alerts import MOST_EXAMPLES, GroupKey, Message
from domain.risk.canonical import decoded, encoded
from domain.shared.instants import Instant
from servers.risk.sql.tables import alert
from servers.store.tables import ERROR_LENGTH


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to one recipient on one channel."""

    id: int
    alert_id: str
    """The same for all recipients, and whenever it is tried again."""
    recipient: str
    attempts: int
    """So far."""
    created: Instant
    message: Message


def enqueue(connection: Connection, channel: str, recipient: str, message: Message, now: Instant) -> None:
    """Have it sent. One of its group that still waits is taken back, and told by this one."""
    group = group_id(message.key)
    for row_id, earlier in _unsent(connection, channel, recipient, group):
        message = _with_earlier(message, earlier)
        superseded = {"next_attempt_time": None, "error": f"told by message {message.number}"}
        connection.execute(update(alert).where(alert.c.id == row_id).values(superseded))
    row = {
        "alert_id": f"{group}:{message.number}",
        "group_id": group,
        "channel": channel,
        "recipient": recipient,
        "created_time": now,
        "next_attempt_time": now,
        "attempts": 0,
        "error": "",
        "content": encoded(message).encode(),
    }
    connection.execute(insert(alert), [row])


def waiting(connection: Connection, channel: str, now: Instant, limit: int) -> list[Outgoing]:
    """At most `limit` messages to be tried on a channel by now, the oldest first."""
    columns = alert.c
    query = (
        select(alert)
        .where(columns.channel == channel, columns.next_attempt_time <= now)
        .order_by(columns.id)
        .limit(limit)
    )
    return [
        Outgoing(
            id=row.id,
            alert_id=row.alert_id,
            recipient=row.recipient,
            attempts=row.attempts,
            created=row.created_time,
            message=decoded(Message, row.content),
        )
        for row in connection.execute(query)
    ]


def mark_sent(connection: Connection, outgoing: Outgoing, now: Instant) -> None:
    """It was taken by whoever brings it to the recipient."""
    _tried(connection, outgoing, sent_time=now, next_attempt_time=None)


def mark_failed(connection: Connection, outgoing: Outgoing, error: str, again: Instant | None) -> None:
    """It is tried again then; None: no more."""
    _tried(connection, outgoing, error=error[:ERROR_LENGTH], next_attempt_time=again)


def purge_alerts(connection: Connection, before: Instant, limit: int) -> int:
    """Forget at most `limit` messages that were made before this moment; how many."""
    ids = connection.scalars(select(alert.c.id).where(alert.c.created_time < before).limit(limit)).all()
    if ids:
        connection.execute(delete(alert).where(alert.c.id.in_(ids)))
    return len(ids)


def group_id(key: GroupKey) -> str:
    """Names a group in 32 characters."""
    return sha256("\0".join((key.scene, key.rule_id, key.owner)).encode()).hexdigest()[:32]


def _unsent(
    connection: Connection, channel: str, recipient: str, group: str
) -> Sequence[tuple[int, Message]]:
    columns = alert.c
    query = select(columns.id, columns.content).where(
        columns.group_id == group,
        columns.next_attempt_time.is_not(None),
        columns.channel == channel,
        columns.recipient == recipient,
    )
    return [(row.id, decoded(Message, row.content)) for row in connection.execute(query)]


def _with_earlier(message: Message, earlier: Message) -> Message:
    return replace(
        message,
        since=min(message.since, earlier.since),
        happened=message.happened + earlier.happened,
        examples=(*earlier.examples, *message.examples)[:MOST_EXAMPLES],
    )


def _tried(connection: Connection, outgoing: Outgoing, **fate: object) -> None:
    attempt = {"attempts": outgoing.attempts + 1, **fate}
    connection.execute(update(alert).where(alert.c.id == outgoing.id).values(attempt))
