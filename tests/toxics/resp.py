"""The dialogue of Redis: RESP 2 and 3, with pipelines, without subscriptions."""

from collections import deque

from tests.toxics.dialogue import Reply, Request

LINES = b"+-:_#,("
STRINGS = b"$=!"
ARRAYS = b"*~>"
MAPS = b"%|"
PUSH = b">"
ATTRIBUTES = b"|"
NEWLINE = b"\r\n"


class RedisDialogue:
    """Requests are answered in the order in which they were sent."""

    def __init__(self) -> None:
        self._unread_requests = b""
        self._unread_replies = b""
        self._asked = deque[str]()

    def requests(self, data: bytes) -> list[Request]:
        self._unread_requests += data
        values, self._unread_requests = _values(self._unread_requests)
        found = [Request(raw, _text(raw) or None) for raw in values]
        self._asked += [request.text for request in found if request.text is not None]
        return found

    def replies(self, data: bytes) -> list[Reply]:
        self._unread_replies += data
        values, self._unread_replies = _values(self._unread_replies)
        return [Reply(raw, self._answered(raw)) for raw in values]

    def _answered(self, raw: bytes) -> str | None:
        return self._asked.popleft() if self._asked and raw[:1] != PUSH else None

    @staticmethod
    def error(text: str) -> bytes:
        """`OOM command not allowed when used memory > 'maxmemory'.`: as Redis says it, without the dash."""
        if NEWLINE[:1].decode() in text or NEWLINE[1:].decode() in text:
            raise ValueError("an error of Redis is one line")
        return b"-" + text.encode() + NEWLINE


def _values(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole values that it begins with, and the rest."""
    values = []
    start = 0
    while start < len(data) and (end := _end(data, start)) is not None:
        values.append(data[start:end])
        start = end
    return values, data[start:]


def _end(data: bytes, start: int) -> int | None:
    """Where the value ends that starts there; None if it has not arrived whole."""
    newline = data.find(NEWLINE, start)
    if newline < 0:
        return None
    kind, end = data[start : start + 1], newline + len(NEWLINE)
    if kind in LINES:
        return end
    if kind not in STRINGS + ARRAYS + MAPS:
        return end  # a command typed by hand, in plain words
    count = int(data[start + 1 : newline])
    if kind in STRINGS:
        end += 0 if count < 0 else count + len(NEWLINE)
        return end if end <= len(data) else None
    parts = count * 2 if kind in MAPS else count
    if kind == ATTRIBUTES:
        parts += 1  # they stand before the value that they are about
    for _ in range(parts):
        after = _end(data, end)
        if after is None:
            return None
        end = after
    return end


def _text(raw: bytes) -> str:
    """A request's words, with a space between."""
    if not raw.startswith(b"*"):
        return raw.strip().decode(errors="replace")
    words = []
    position = raw.index(NEWLINE) + len(NEWLINE)
    while position < len(raw):
        start = raw.index(NEWLINE, position) + len(NEWLINE)
        end = start + int(raw[position + 1 : start - len(NEWLINE)])
        words.append(raw[start:end].decode(errors="replace"))
        position = end + len(NEWLINE)
    return " ".join(words)
