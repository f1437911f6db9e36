"""An SMTP server on loopback that says yes to everybody and keeps what it is sent."""

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

from servers.mesh.cli.output import plain

_END = b"\r\n.\r\n"
_ANSWERS = {b"DATA": "354 go on", b"QUIT": "221 bye"}


class Mailbox:
    """Use it as `async with Mailbox() as mailbox`; it listens on a free port."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._sessions: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    @property
    def url(self) -> str:
        """As `risk_mail_url` takes it."""
        return f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.create_task(self._talk(reader, writer))
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            _say(writer, "220 here")
            while (verb := (await reader.readline())[:4].upper()) not in {b"", b"QUIT"}:
                _say(writer, _ANSWERS.get(verb, "250 fine"))
                if verb == b"DATA":
                    self.mails.append(_mail_of(await reader.readuntil(_END)))
                    _say(writer, "250 kept")
            _say(writer, _ANSWERS[b"QUIT"])
            await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever talks so gets no further answer
        finally:
            writer.close()


def subject_of(mail: EmailMessage) -> str:
    """One line; a long one is folded on the wire, and may begin with the space of its fold."""
    return plain(str(mail["Subject"]).strip())


def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(f"{line}\r\n".encode())


def _mail_of(data: bytes) -> EmailMessage:
    # On the wire a line that begins with a dot has one more, so that the end can be told.
    content = data.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
    return message_from_bytes(content, policy=policy.default)
