"""Alerts by e-mail: SMTP, with TLS as the URL says.

Nothing that comes from a call reaches a header but the subject line, which has neither line ends nor encoded
words by then.
"""

import asyncio
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

import aiosmtplib

from domain.shared.instants import to_datetime
from servers.mesh.reaching import MailServer, is_mail_address
from servers.risk.alert_text import body_of, subject_of
from servers.risk.alerting import Undeliverable
from servers.risk.sql.alerts import Outgoing

SECONDS = 20.0
"""For one message, from the connection to the server's word that it has it."""
_PERMANENT = range(500, 600)


class MailChannel:
    """Sends alerts to their owners, if those are mail addresses, and else to `to`."""

    name = "mail"

    def __init__(self, server: MailServer, sender: str, to: str) -> None:
        """Raises ValueError if one of the two is no mail address."""
        if not is_mail_address(sender) or not is_mail_address(to):
            raise ValueError("sender and recipient are plain mail addresses")
        self._server = server
        self._sender = sender
        self._to = to

    def recipients(self, owner: str) -> Sequence[str]:
        return [owner if is_mail_address(owner) else self._to]

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
    # The library reads an encoded word in what it is given, and writes a line end that was hidden in it.
    mail["Subject"] = subject_of(message).replace("=?", "= ?")
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
