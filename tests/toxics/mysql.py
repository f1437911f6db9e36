"""The dialogue of MySQL, as far as statements go: no TLS, no compression, no prepared statements."""

from tests.toxics.dialogue import Reply, Request

HEADER_BYTES = 4
COM_QUERY = b"\x03"


class MySqlDialogue:
    """A client waits for the whole reply before it asks again, so all that is said then is the reply."""

    def __init__(self) -> None:
        self._unread = b""
        self._asked: str | None = None

    def requests(self, data: bytes) -> list[Request]:
        self._unread += data
        found = []
        while (end := _end_of_packet(self._unread)) is not None:
            packet, self._unread = self._unread[:end], self._unread[end:]
            self._asked = _statement(packet)
            found.append(Request(packet, self._asked))
        return found

    def replies(self, data: bytes) -> list[Reply]:
        return [Reply(data, self._asked)]

    @staticmethod
    def error(text: str) -> bytes:
        """`1180 Got error 5 during COMMIT`: its number, and what it says."""
        code, _, message = text.partition(" ")
        payload = b"\xff" + int(code).to_bytes(2, "little") + b"#HY000" + message.encode()
        return len(payload).to_bytes(3, "little") + b"\x01" + payload


def _end_of_packet(data: bytes) -> int | None:
    if len(data) < HEADER_BYTES:
        return None
    end = HEADER_BYTES + int.from_bytes(data[:3], "little")
    return end if end <= len(data) else None


def _statement(packet: bytes) -> str | None:
    """Its text, if the packet begins a command (they are numbered from 0) and the command is a statement."""
    number, payload = packet[HEADER_BYTES - 1], packet[HEADER_BYTES:]
    if number != 0 or not payload.startswith(COM_QUERY):
        return None
    return payload.removeprefix(COM_QUERY).decode(errors="replace")
