"""A real SMTP server that keeps what it gets: on loopback, in the test's event loop."""

import asyncio
import ssl
import warnings
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers import free_port


class SmtpSink:
    """Use it as `async with SmtpSink() as sink`. It can be stopped and started again on its port.

    With `tls` it offers STARTTLS, or with `is_wrapped` speaks TLS from the first byte. With `login`, a user
    and a password, it takes mail from nobody else, and takes them over TLS alone.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        is_wrapped: bool = False,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self._tls = tls
        self._is_wrapped = is_wrapped
        self._login = login
        self.logins: list[tuple[str, str]] = []
        """Those that were tried."""
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
        wrapped = self._tls if self._is_wrapped else None
        self._server = await loop.create_server(self._smtp, "127.0.0.1", self.port, ssl=wrapped)

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

    def _smtp(self) -> SMTP:
        offered = None if self._is_wrapped else self._tls
        with warnings.catch_warnings():
            # Of TLS that is around it from the first byte it knows nothing, and warns of a login without.
            warnings.filterwarnings("ignore", category=UserWarning)
            return SMTP(
                self,
                loop=asyncio.get_running_loop(),
                tls_context=offered,
                require_starttls=offered is not None,
                authenticator=self._authenticate,
                auth_required=self._login is not None,
                auth_require_tls=not self._is_wrapped,
            )

    def _authenticate(self, *arguments: Any) -> AuthResult:
        tried: LoginPassword = arguments[-1]
        self.logins.append((tried.login.decode(), tried.password.decode()))
        return AuthResult(success=self.logins[-1] == self._login, handled=False)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Named as aiosmtpd calls it."""
        if self.answer.startswith("2"):
            self.raw.append(cast("Any", envelope.content))
            self.recipients += envelope.rcpt_tos
        return self.answer
