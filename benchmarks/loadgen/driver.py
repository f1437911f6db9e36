"""Sends a plan's calls over its connections and notes what becomes of each."""

import heapq
import select
import time
from array import array
from collections import deque

from benchmarks.loadgen.hpack_table import Field
from benchmarks.loadgen.journal import Journal
from benchmarks.loadgen.link import Link
from benchmarks.loadgen.plan import Closed, Plan, timeout_value
from benchmarks.loadgen.status import DEADLINE, LOST, Status

CONNECT_SECONDS = 10.0
"""So long nobody may be reached before all that is left is given up."""
RECONNECT_SECONDS = 0.02
LONGEST_WAIT_SECONDS = 0.5
TIMEOUT = b"grpc-timeout"
Fields = tuple[Field, ...]
_NOTHING: Fields = ()


def drive(plan: Plan) -> Journal:
    """Runs a plan in this thread. Every call ends, if only with its deadline or a lost connection.

    Raises ConnectionError if the server cannot be reached before the run begins.
    """
    driver = _Driver(plan)
    try:
        return driver.run()
    finally:
        driver.close()


class _Driver:
    """One run."""

    def __init__(self, plan: Plan) -> None:
        host, _, port = plan.address.rpartition(":")
        self._address = host, int(port)
        self._plan = plan
        self._closed = isinstance(plan.pace, Closed)
        self._most = plan.pace.in_flight if isinstance(plan.pace, Closed) else len(plan.calls)
        self._gather_seconds = plan.pace.gather_seconds if isinstance(plan.pace, Closed) else 0.0
        self._epoll = select.epoll()
        self._ring: list[Link] = []
        self._by_file: dict[int, Link] = {}
        self._to_flush: set[Link] = set()
        self._closing: set[Link] = set()
        self._shared: dict[tuple[str, bool], Fields] = {}
        self._waiting = deque(range(len(plan.calls)))
        self._under_way: dict[int, Link] = {}
        self._deadlines: list[tuple[float, int]] = []
        self._turn = 0
        self._lost = self._unasked = 0
        self._reconnect = 0.0
        empty = bytes(8 * len(plan.calls))
        self._due, self._ended = array("d", empty), array("d", empty)
        self._statuses = [LOST] * len(plan.calls)
        self._messages = [b""] * len(plan.calls)

    def run(self) -> Journal:
        self._ring = [self._new_link() for _ in range(self._plan.connections)]
        if not self._plan.at_once:
            self._greet()
        begun, cpu_begun = time.monotonic(), time.process_time()
        self._alive = begun
        if not self._closed:
            self._schedule(begun)
        while self._waiting or self._under_way:
            now = time.monotonic()
            if self._closing:
                self._replace_closing(now)
            self._begin_due(now)
            self._flush()
            self._wait(self._patience(now))
            self._give_up(time.monotonic())
        return self._journal(begun, time.process_time() - cpu_begun)

    def close(self) -> None:
        for link in self._ring:
            link.close()
        self._epoll.close()

    # -- Connections

    def _new_link(self) -> Link:
        link = Link(self._epoll, self._address, self._note)
        self._by_file[link.fileno] = link
        self._to_flush.add(link)
        return link

    def _greet(self) -> None:
        """Until every connection knows the server's caps, so that the first calls pay for none of it."""
        end = time.monotonic() + CONNECT_SECONDS
        while not all(link.connection.greeted for link in self._ring):
            self._flush()
            self._wait(RECONNECT_SECONDS)
            if time.monotonic() > end or any(link.lost for link in self._ring):
                raise ConnectionError(f"nobody speaks HTTP/2 at {self._plan.address}")
        self._flush()

    def _replace_closing(self, now: float) -> None:
        """In place of connections that take no more calls and wait for none come new ones."""
        if now < self._reconnect:
            return
        self._reconnect = now + RECONNECT_SECONDS
        for link in [one for one in self._closing if not one.connection.under_way]:
            self._closing.remove(link)
            self._lost += 1
            self._unasked += link.connection.unasked
            link.lose()
            del self._by_file[link.fileno]
            self._ring[self._ring.index(link)] = self._new_link()

    def _with_room(self, message: bytes) -> Link | None:
        """The next connection in turn that may take a call."""
        for step in range(len(self._ring)):
            place = (self._turn + step) % len(self._ring)
            link = self._ring[place]
            if link.connection.has_room(message):
                self._turn = place + 1
                return link
        return None

    def _flush(self) -> None:
        for link in self._to_flush:
            link.flush()
            if not link.connection.takes_calls:
                self._closing.add(link)
        self._to_flush.clear()

    # -- Calls

    def _schedule(self, begun: float) -> None:
        assert not isinstance(self._plan.pace, Closed)
        for number in range(len(self._due)):
            self._due[number] = begun + number / self._plan.pace.per_second

    def _begin_due(self, now: float) -> None:
        while self._waiting and len(self._under_way) < self._most:
            number = self._waiting[0]
            if self._due[number] > now:
                return
            link = self._with_room(self._plan.calls[number].message)
            if link is None:
                return
            self._waiting.popleft()
            if self._closed:
                self._due[number] = now
            self._begin(number, link, now)

    def _begin(self, number: int, link: Link, now: float) -> None:
        call = self._plan.calls[number]
        seconds, own = self._plan.deadline_seconds, _NOTHING
        if call.deadline_seconds is not None:
            seconds = call.deadline_seconds
            own = ((TIMEOUT, timeout_value(seconds)),)
        self._under_way[number] = link
        heapq.heappush(self._deadlines, (now + seconds, number))
        link.connection.call(number, call.message, self._fields(call.path, own=bool(own)), own)
        self._to_flush.add(link)

    def _note(self, number: int, status: Status, message: bytes) -> None:
        self._ended[number] = time.monotonic()
        self._statuses[number] = status
        self._messages[number] = message
        del self._under_way[number]

    def _fields(self, path: str, *, own: bool) -> Fields:
        """The headers that calls of a path share; a call with a deadline of its own brings that itself."""
        fields = self._shared.get((path, own))
        if fields is None:
            plan = self._plan
            deadline = () if own else ((TIMEOUT, timeout_value(plan.deadline_seconds)),)
            named = tuple((name.encode(), value.encode()) for name, value in plan.metadata)
            first = (
                (b":method", b"POST"),
                (b":scheme", b"http"),
                (b":path", path.encode()),
                (b":authority", plan.address.encode()),
                (b"content-type", b"application/grpc"),
                (b"te", b"trailers"),
            )
            fields = self._shared[path, own] = first + deadline + named
        return fields

    # -- Time

    def _wait(self, seconds: float) -> None:
        if self._gather_seconds:
            time.sleep(self._gather_seconds)
        for file, events in self._epoll.poll(seconds):
            link = self._by_file.get(file)
            if link is not None:
                link.ready(events)
                self._to_flush.add(link)

    def _patience(self, now: float) -> float:
        """Until the next call is due, or the next deadline passes, or a connection may be tried again."""
        ends = [now + LONGEST_WAIT_SECONDS]
        if self._deadlines:
            ends.append(self._deadlines[0][0])
        if self._waiting and not self._closed and self._due[self._waiting[0]] > now:
            ends.append(self._due[self._waiting[0]])
        if self._closing:
            ends.append(max(self._reconnect, now))
        return max(0.0, min(ends) - now)

    def _give_up(self, now: float) -> None:
        deadlines = self._deadlines
        while deadlines and (deadlines[0][0] <= now or deadlines[0][1] not in self._under_way):
            _, number = heapq.heappop(deadlines)
            link = self._under_way.get(number)
            if link is not None:
                link.connection.cancel(number, DEADLINE)
                self._to_flush.add(link)
        if any(link.connection.greeted and not link.lost for link in self._ring):
            self._alive = now
        elif now - self._alive > CONNECT_SECONDS:
            while self._waiting:
                number = self._waiting.popleft()
                self._due[number] = self._due[number] or now
                self._ended[number] = now

    def _journal(self, begun: float, cpu_seconds: float) -> Journal:
        last = max(self._ended, default=begun)
        for column in (self._due, self._ended):
            for number, at in enumerate(column):
                column[number] = at - begun
        return Journal(
            began=begun,
            seconds=last - begun,
            cpu_seconds=cpu_seconds,
            due=self._due,
            ended=self._ended,
            statuses=self._statuses,
            messages=self._messages,
            unasked=self._unasked + sum(link.connection.unasked for link in self._ring),
            connections_lost=self._lost,
        )
