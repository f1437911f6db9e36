"""Alerts by e-mail: SMTP, with TLS as the URL says.

Nothing that comes from a call reaches a header but the subject line, which has no line ends by then; the
library refuses any that were left.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from urllib.parse import unquote, urlsplit

import aiosmtplib

from domain.shared.instants import to_datetime
from servers.risk.alert_text import body_of, subject_of
from servers.risk.alerting import Undeliverable
from servers.risk.sql.alerts import Outgoing

SECONDS = 20.0
"""For one message, from the connection to the server's word that it has it."""
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}")
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_PERMANENT = range(500, 600)


@dataclass(frozen=True)
class MailServer:
    """A server that takes our mail."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    starts_tls: bool = False
    """TLS after the greeting; without it no message is sent."""
    is_tls: bool = False
    """TLS from the first byte."""


def mail_server(url: str) -> MailServer:
    """Reads `smtp[s]://[user:password@]host[:port]` and `smtp+starttls://…`.

    Raises ValueError, also for a password that would be sent in the clear.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
        raise ValueError("a mail server is smtp://, smtps:// or smtp+starttls:// with a host")
    if parts.password and parts.scheme == "smtp":
        raise ValueError("a password needs smtps:// or smtp+starttls://")
    return MailServer(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starts_tls=parts.scheme == "smtp+starttls",
        is_tls=parts.scheme == "smtps",
    )


def is_address(text: str) -> bool:
    """Whether this is one plain mail address."""
    return _ADDRESS.fullmatch(text) is not None


class MailChannel:
    """Sends alerts to their owners, if those are mail addresses, and else to `to`."""

    name = "mail"

    def __init__(self, server: MailServer, sender: str, to: str) -> None:
        """Raises ValueError if one of the two is no mail address."""
        if not is_address(sender) or not is_address(to):
            raise ValueError("sender and recipient are plain mail addresses")
        self._server = server
        self._sender = sender
        self._to = to

    def recipients(self, owner: str) -> Sequence[str]:
        return [owner if is_address(owner) else self._to]

    async def send(self, outgoing: Outgoing) -> None:
        """Returns when the server has it. Raises Undeliverable, TimeoutError, OSError or SMTPException."""
        server, mail = self._server, mail_of(outgoing, self._sender)
        try:
            async with asyncio.timeout(SECONDS):
                await aiosmtplib.send(
                    mail,
                    sender=self._sender,
                    recipients=[outgoing.recipient],
                    hostname=server.host,
                    port=server.port,
                    username=server.user or None,
                    password=server.password or None,
                    use_tls=server.is_tls,
                    start_tls=server.starts_tls,
                    timeout=SECONDS,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            _require_temporary([refusal.code for refusal in error.recipients], error)
            raise
        except aiosmtplib.SMTPDataError as error:
            _require_temporary([error.code], error)
            raise


def mail_of(outgoing: Outgoing, sender: str) -> EmailMessage:
    """The mail, with the same id whenever it is tried again."""
    mail = EmailMessage(policy=SMTP)
    message = outgoing.message
    mail["From"] = sender
    mail["To"] = outgoing.recipient
    mail["Subject"] = subject_of(message)
    mail["Date"] = format_datetime(to_datetime(message.at))
    name = sha256(f"{outgoing.alert_id} {outgoing.recipient}".encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{name}@{sender.partition('@')[2]}>"
    # Nobody's holiday notice is wanted in answer.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(body_of(message))
    return mail


def _require_temporary(codes: Sequence[int], error: Exception) -> None:
    if all(code in _PERMANENT for code in codes):
        raise Undeliverable(str(error)) from error
