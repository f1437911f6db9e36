"""Groups of alerts against a model that keeps everything and looks at all of it each time (F-40)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.risk.alerts import (
    INTERVAL,
    MOST_CHARACTERS,
    MOST_EXAMPLES,
    REPEAT,
    WAIT,
    Group,
    GroupKey,
    Happening,
    Message,
    MessageKind,
    due_at,
    happened,
    told,
)
from domain.shared.instants import HOUR, MINUTE, SECOND, Instant

KEY = GroupKey("identity.purchase", "pace", "risk team")
TICK = 10 * SECOND
Told = tuple[Instant, MessageKind, int]
"""When, what, and how much that was new."""


def opening(at: Instant, until: Instant, what: str = "MEMBER:m-1") -> Happening:
    return Happening(at, what, opens=True, until=until)


def closing(at: Instant) -> Happening:
    return Happening(at, "MEMBER:m-1", opens=False, closes=True)


def messages_of(events: Sequence[Happening], until: Instant) -> list[Message]:
    """What the rules say, asked every TICK."""
    group, sent, coming = Group(KEY), list[Message](), list(events)
    for now in range(0, until, TICK):
        while coming and coming[0].at <= now:
            group = happened(group, coming.pop(0))
        due = due_at(group)
        if due is not None and due <= now:
            group, message = told(group, now)
            sent.append(message)
    return sent


@dataclass
class Naive:
    """Everything that happened since the trouble began, and everything that was said."""

    trouble: list[Happening] = field(default_factory=list)
    unsaid: list[Happening] = field(default_factory=list)
    said: list[Told] = field(default_factory=list)
    is_known: bool = False

    def hear(self, event: Happening) -> None:
        if self.trouble or event.opens:
            self.trouble.append(event)
            if not event.closes and self.is_open():
                self.unsaid.append(event)

    def is_open(self) -> bool:
        return sum(one.opens for one in self.trouble) > sum(one.closes for one in self.trouble)

    def end(self) -> Instant:
        """When the last trouble was over, or will be: those ended by hand need not be waited for."""
        since = 0
        for number in range(len(self.trouble)):
            so_far = Naive(self.trouble[: number + 1])
            if not so_far.is_open():
                since = number + 1
        if since == len(self.trouble):
            return self.trouble[-1].at
        return max(self.trouble[0].at, *(one.at for one in self.trouble[:since]), *self._untils(since))

    def _untils(self, since: int) -> list[Instant]:
        return [one.until for one in self.trouble[since:]]

    def speak(self, now: Instant) -> None:
        if not self.trouble or (self.said and now < self.said[-1][0] + INTERVAL):
            return
        if not self.is_known:
            if now >= self.trouble[0].at + WAIT:
                self.say(now, MessageKind.FIRING)
        elif now >= self.end():
            self.say(now, MessageKind.RESOLVED)
            self.trouble, self.is_known = [], False
        elif self.unsaid:
            self.say(now, MessageKind.FIRING)
        elif now >= self.said[-1][0] + REPEAT:
            self.say(now, MessageKind.REPEATED)

    def say(self, now: Instant, kind: MessageKind) -> None:
        self.said.append((now, kind, len(self.unsaid)))
        self.unsaid, self.is_known = [], True


def naive_messages(events: Sequence[Happening], until: Instant) -> list[Told]:
    naive, coming = Naive(), list(events)
    for now in range(0, until, TICK):
        while coming and coming[0].at <= now:
            naive.hear(coming.pop(0))
        naive.speak(now)
    return naive.said


@st.composite
def happenings(draw: st.DrawFn) -> list[Happening]:
    gaps = st.sampled_from([0, TICK, WAIT, WAIT + TICK, MINUTE, INTERVAL, INTERVAL + TICK, HOUR])
    events, at = [], draw(gaps)
    for _ in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["opens", "opens", "worse", "closes"]))
        until = at + draw(st.sampled_from([MINUTE, 10 * MINUTE, HOUR, 9 * HOUR]))
        events.append(Happening(at, "it", kind == "opens", kind == "closes", until))
        at += draw(gaps)
    return events


@given(happenings())
def test_a_group_says_what_the_naive_model_says(events: list[Happening]) -> None:
    until = (events[-1].at if events else 0) + 12 * HOUR
    said = [(one.at, one.kind, one.happened) for one in messages_of(events, until)]
    assert said == naive_messages(events, until)


@given(happenings())
def test_a_group_keeps_its_distance_and_its_messages_their_bounds(events: list[Happening]) -> None:
    said = messages_of(events, (events[-1].at if events else 0) + 12 * HOUR)
    assert all(later.at - earlier.at >= INTERVAL for earlier, later in pairwise(said))
    assert all(len(one.examples) <= MOST_EXAMPLES for one in said)
    assert [one.number for one in said] == list(range(1, len(said) + 1))


def test_the_first_message_waits_for_the_others() -> None:
    events = [opening(number * SECOND, 6 * HOUR) for number in range(20)]
    said = messages_of(events, INTERVAL)
    assert [(one.at, one.happened) for one in said] == [(WAIT, 20)]


def test_a_trouble_that_goes_on_is_repeated_and_its_end_is_told() -> None:
    said = messages_of([opening(0, 9 * HOUR)], 24 * HOUR)
    assert [(one.at, one.kind) for one in said] == [
        (WAIT, MessageKind.FIRING),
        (WAIT + REPEAT, MessageKind.REPEATED),
        (WAIT + 2 * REPEAT, MessageKind.REPEATED),
        (9 * HOUR, MessageKind.RESOLVED),
    ]


def test_a_release_by_a_person_ends_it_before_its_time() -> None:
    said = messages_of([opening(0, 9 * HOUR), closing(HOUR)], 24 * HOUR)
    assert [(one.at, one.kind) for one in said] == [(WAIT, MessageKind.FIRING), (HOUR, MessageKind.RESOLVED)]


def test_trouble_that_comes_back_at_once_waits_for_the_interval() -> None:
    end = HOUR + TICK
    said = messages_of([opening(0, 9 * HOUR), closing(HOUR), opening(end, 9 * HOUR)], 2 * HOUR)
    assert [(one.at, one.kind) for one in said] == [
        (WAIT, MessageKind.FIRING),
        (HOUR, MessageKind.RESOLVED),
        (HOUR + INTERVAL, MessageKind.FIRING),
    ]


def test_f40_a_hundred_thousand_suspects_in_a_minute_are_two_messages_in_ten_minutes() -> None:
    group, sent = Group(KEY), list[Message]()
    for number in range(100_000):
        now = number * MINUTE // 100_000
        group = happened(group, opening(now, now + 4 * HOUR, f"MEMBER:{number}" + "x" * 500))
        due = due_at(group)
        if due is not None and due <= now:
            group, message = told(group, now)
            sent.append(message)
    group, message = told(group, WAIT + INTERVAL)
    sent.append(message)

    assert [one.kind for one in sent] == [MessageKind.FIRING, MessageKind.FIRING]
    assert sum(one.happened for one in sent) == 100_000, "nobody is left out of the count"
    assert all(len(text) == MOST_CHARACTERS for one in sent for text in one.examples)
    assert due_at(group) == group.until, "then their end"
