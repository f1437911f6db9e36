"""When people are told, and in how many messages: one group of alerts a scene, rule and owner.

(group, what happened or now) → (group, message). A first message waits a little, to say more at once; the
next ones keep their distance; a trouble that goes on is repeated; its end is told. However much happens, a
group says one thing in INTERVAL, and a message has a bound.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from domain.shared.instants import HOUR, MINUTE, SECOND, Instant

WAIT = 30 * SECOND
"""From the first thing that happens to the first message."""
INTERVAL = 5 * MINUTE
"""At least, between two messages of a group."""
REPEAT = 4 * HOUR
"""After the last message, while the trouble goes on and nothing new happens."""
MOST_EXAMPLES = 5
MOST_CHARACTERS = 80
"""Of an example."""


@dataclass(frozen=True, slots=True, order=True)
class GroupKey:
    """What is told together."""

    scene: str
    rule_id: str
    """Empty: not by a rule."""
    owner: str


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that people should know, or the end of such a thing."""

    at: Instant
    what: str
    """A subject, or a few words."""
    opens: bool
    """Whether a trouble begins. One that gets worse neither opens nor closes."""
    closes: bool = False
    until: Instant = 0
    """When the trouble ends by itself; of an end no matter."""


class MessageKind(StrEnum):
    """What a message says."""

    FIRING = "FIRING"
    """There is trouble, or more of it."""
    REPEATED = "REPEATED"
    """It goes on."""
    RESOLVED = "RESOLVED"
    """It is over."""


@dataclass(frozen=True, slots=True)
class Message:
    """What people are told of one group."""

    key: GroupKey
    number: int
    """1, 2, 3 ... within the group."""
    kind: MessageKind
    at: Instant
    since: Instant
    """When the trouble began."""
    happened: int
    """Troubles that began or got worse since the last message."""
    opened: int
    """Troubles since it began,"""
    closed: int
    """and how many of them somebody ended."""
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What is known of one group. It is open as long as one of its troubles may go on."""

    key: GroupKey
    since: Instant = 0
    """When its first trouble began."""
    until: Instant = 0
    """When its last one ends by itself, or was ended."""
    opened: int = 0
    closed: int = 0
    happened: int = 0
    """Troubles that began or got worse since the last message: what is worth another."""
    examples: tuple[str, ...] = ()
    """The first of them."""
    told_at: Instant | None = None
    """When the last message was sent, of this trouble or the one before."""
    has_told: bool = False
    """Whether a message told of this trouble."""
    messages: int = 0


def happened(group: Group, event: Happening) -> Group:
    """The group with one thing more to tell. An end of what it does not know changes nothing."""
    if not group.opened:
        if not event.opens:
            return group
        group = replace(group, since=event.at, until=event.at, has_told=False)
    opened, closed = group.opened + event.opens, group.closed + event.closes
    if closed >= opened:
        return replace(group, opened=opened, closed=closed, until=event.at)
    group = replace(group, opened=opened, closed=closed, until=max(group.until, event.until))
    return group if event.closes else _noted(group, event.what)


def due_at(group: Group) -> Instant | None:
    """When the next message is due if nothing more happens; None if never."""
    if not group.opened:
        return None
    earliest = 0 if group.told_at is None else group.told_at + INTERVAL
    if not group.has_told:
        return max(group.since + WAIT, earliest)
    assert group.told_at is not None, "who told, told at some time"
    if group.happened:
        return earliest
    return min(max(group.until, earliest), group.told_at + REPEAT)


def told(group: Group, now: Instant) -> tuple[Group, Message]:
    """The message that is due now, and the group that has sent it."""
    is_over = group.has_told and now >= group.until
    kind = _kind(group, is_over)
    message = Message(
        key=group.key,
        number=group.messages + 1,
        kind=kind,
        at=now,
        since=group.since,
        happened=group.happened,
        opened=group.opened,
        closed=group.closed,
        examples=group.examples,
    )
    if is_over:
        return Group(group.key, told_at=now, messages=message.number), message
    after = replace(group, happened=0, examples=(), told_at=now, has_told=True, messages=message.number)
    return after, message


def _noted(group: Group, what: str) -> Group:
    examples = group.examples
    if len(examples) < MOST_EXAMPLES:
        examples = (*examples, what[:MOST_CHARACTERS])
    return replace(group, happened=group.happened + 1, examples=examples)


def _kind(group: Group, is_over: bool) -> MessageKind:
    if is_over:
        return MessageKind.RESOLVED
    return MessageKind.FIRING if group.happened else MessageKind.REPEATED
