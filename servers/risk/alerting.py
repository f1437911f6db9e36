"""Tells people: from transitions to groups, from groups to messages, from messages to channels.

What a transition has to tell is written in its own transaction. A job makes messages of it when they are
due, and tries each channel by itself: one that fails holds up neither the other nor any call. A message is
sent once, or twice if its channel took it and we could not note that; it carries one id both times.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy import Connection

from domain.risk.alerts import GroupKey, Happening, Message
from domain.risk.rules import RuleSet
from domain.risk.suspects import Change, Entry, Transition
from domain.shared.instants import DAY, MINUTE, SECOND, Instant
from servers.mesh.clock import Clock
from servers.risk.alert_text import subject_of
from servers.risk.sql.alert_groups import note, told_by
from servers.risk.sql.alerts import Outgoing, enqueue, mark_failed, mark_sent, purge_alerts, waiting
from servers.store.leases import Lease
from servers.store.retention import BATCH
from servers.store.store import Store

_log = structlog.get_logger("nectary.alerts")

AT_ONCE = 50
FIRST_PAUSE = 5 * SECOND
LONGEST_PAUSE = 5 * MINUTE
"""So late at most is a message after its channel recovered."""
GIVEN_UP_AFTER = DAY
NOBODYS = "operators"
"""The owner of what no rule, or none that is left, has caused."""
KEPT = 30 * DAY


class Undeliverable(Exception):
    """This message will never be taken: trying again is of no use."""


class Channel(Protocol):
    """A way to people."""

    @property
    def name(self) -> str:
        """At most 16 characters."""
        ...

    def recipients(self, owner: str) -> Sequence[str]:
        """Who is told what concerns this owner; at most 128 characters each."""
        ...

    async def send(self, outgoing: Outgoing) -> None:
        """Returns when somebody else is responsible for it; within 30 s.

        Raises Undeliverable, or anything else if it may work later.
        """
        ...


def tell(connection: Connection, changes: Iterable[tuple[Entry, Change]], rules: RuleSet) -> None:
    """Have people told of changes of the list, each with the entry as it was: part of their transaction."""
    owners = {rule.rule_id: rule.owner for rule in rules.rules}
    events: dict[GroupKey, list[Happening]] = {}
    for before, change in changes:
        was, becomes = (_key(entry, owners) for entry in (before, change.entry))
        for key, happening in _happenings(was, becomes, change.transition):
            events.setdefault(key, []).append(happening)
    note(connection, events)


def _key(entry: Entry, owners: Mapping[str, str]) -> GroupKey:
    return GroupKey(entry.scene, entry.rule_id, owners.get(entry.rule_id, NOBODYS))


def _happenings(was: GroupKey, becomes: GroupKey, made: Transition) -> Iterator[tuple[GroupKey, Happening]]:
    """What is told of one transition, and to which group: its end to those who heard of its beginning."""
    subject, before, after = str(made.subject), made.from_state.rank, made.to_state.rank
    moves = bool(before and after and was != becomes)
    if before and (not after or moves):
        yield was, Happening(made.at, subject, opens=False, closes=True)
    if after > before or moves:
        what = f"{subject} is {made.to_state.value}"
        yield becomes, Happening(made.at, what, opens=moves or not before, until=made.expires)


@dataclass(frozen=True, slots=True)
class Alerting:
    """The job that makes and sends messages, under a lease."""

    store: Store
    channels: Sequence[Channel]
    clock: Clock

    async def run(self, lease: Lease) -> None:
        """One round: what is due becomes messages, and each channel tries what waits for it."""
        while messages := await self.store.transact(self._compose, lease):
            for message in messages:
                # In the log of the process too, for whoever has set up no channel.
                _log.warning("risk_alert", message=subject_of(message), owner=message.key.owner)
        await asyncio.gather(*(self._send_all(lease, channel) for channel in self.channels))
        await self.store.transact(purge_alerts, self.clock.now() - KEPT, BATCH)

    def _compose(self, connection: Connection, lease: Lease) -> list[Message]:
        lease.confirm(connection)
        now = self.clock.now()
        messages = told_by(connection, now, AT_ONCE)
        for message in messages:
            for channel in self.channels:
                for recipient in channel.recipients(message.key.owner):
                    enqueue(connection, channel.name, recipient, message, now)
        return messages

    async def _send_all(self, lease: Lease, channel: Channel) -> None:
        """Until nothing waits, or the channel fails: then the others are tried in the next round."""
        while outgoing := await self.store.read(waiting, channel.name, self.clock.now(), AT_ONCE):
            for each in outgoing:
                if not await self._send(lease, channel, each):
                    return

    async def _send(self, lease: Lease, channel: Channel, outgoing: Outgoing) -> bool:
        """Whether the channel works."""
        try:
            await channel.send(outgoing)
        except Undeliverable as error:
            _log.error(
                "alert_undeliverable", alert_id=outgoing.alert_id, channel=channel.name, error=str(error)
            )
            await self.store.transact(_failed, lease, outgoing, str(error), None)
            return True
        except Exception as error:
            again = self._again(outgoing)
            _log.warning("alert_waits", alert_id=outgoing.alert_id, channel=channel.name, error=repr(error))
            await self.store.transact(_failed, lease, outgoing, repr(error), again)
            return False
        await self.store.transact(_sent, lease, outgoing, self.clock.now())
        return True

    def _again(self, outgoing: Outgoing) -> Instant | None:
        now = self.clock.now()
        if now - outgoing.created >= GIVEN_UP_AFTER:
            return None
        return now + min(FIRST_PAUSE << min(outgoing.attempts, 10), LONGEST_PAUSE)


def _sent(connection: Connection, lease: Lease, outgoing: Outgoing, now: Instant) -> None:
    lease.confirm(connection)
    mark_sent(connection, outgoing, now)


def _failed(
    connection: Connection, lease: Lease, outgoing: Outgoing, error: str, again: Instant | None
) -> None:
    lease.confirm(connection)
    mark_failed(connection, outgoing, error, again)
