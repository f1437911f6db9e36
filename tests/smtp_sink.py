"""A real SMTP server that keeps what it gets: on loopback, in the test's event loop."""

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers import free_port


class SmtpSink:
    """Use it as `async with SmtpSink() as sink`. It can be stopped and started again on its port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.raw: list[bytes] = []
        """Every message that was accepted, as it came."""
        self.recipients: list[str] = []
        self.answer = "250 OK"
        """To each message: `550 no` refuses it, `451 later` wants it again."""
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, loop=loop), "127.0.0.1", self.port)

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw]

    @property
    def subjects(self) -> list[str]:
        """Unfolded."""
        return [str(mail["Subject"]).strip() for mail in self.mails]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Named as aiosmtpd calls it."""
        if self.answer.startswith("2"):
            self.raw.append(cast("Any", envelope.content))
            self.recipients += envelope.rcpt_tos
        return self.answer
