"""The ways to people by themselves: mail over TLS with a login, and everything an SMS provider may answer."""

import asyncio
import ssl
from pathlib import Path

import aiosmtplib
import pytest

from domain.risk.alerts import GroupKey, Message, MessageKind
from servers.mesh.http_client import Endpoint, HttpError
from servers.mesh.reaching import mail_server
from servers.risk import sms
from servers.risk.alerting import Undeliverable
from servers.risk.mail import MailChannel
from servers.risk.simulators import Simulator
from servers.risk.sms import HttpSmsProvider, SmsChannel, SmsRefused
from servers.risk.sql.alerts import Outgoing
from tests.fakes import EPOCH
from tests.smtp_sink import SmtpSink
from tests.wire.mesh.certificates import Authority

LOGIN = ("nectary", "s@cret: 密码")
WRITTEN = "nectary:s%40cret%3A%20%E5%AF%86%E7%A0%81"
OWNER = "fraud@shop.example"
NUMBER = "+8613800000000"


def an_alert(recipient: str) -> Outgoing:
    key = GroupKey("identity.purchase", "pace", OWNER)
    message = Message(key, 1, MessageKind.FIRING, EPOCH, EPOCH, 1, 1, 0, ("MEMBER:m-1 is SUSPECT",))
    return Outgoing(1, "group:1", recipient, 0, EPOCH, message)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Whom this machine believes, as an operator would say it: OpenSSL's own variable."""
    authority = Authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


def server_tls(authority: Authority, folder: Path) -> ssl.SSLContext:
    leaf, context = authority.leaf(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (folder / "mail.pem").write_bytes(leaf.certificate + leaf.key)
    context.load_cert_chain(folder / "mail.pem")
    return context


def channel(url: str) -> MailChannel:
    return MailChannel(mail_server(url), "nectary@shop.example", "ops@shop.example")


@pytest.mark.parametrize(("scheme", "is_wrapped"), [("smtp+starttls", False), ("smtps", True)])
async def test_mail_goes_over_tls_with_a_login(
    authority: Authority, tmp_path: Path, scheme: str, is_wrapped: bool
) -> None:
    tls = server_tls(authority, tmp_path)
    async with SmtpSink(tls=tls, is_wrapped=is_wrapped, login=LOGIN) as sink:
        await channel(f"{scheme}://{WRITTEN}@127.0.0.1:{sink.port}").send(an_alert(OWNER))
        assert sink.logins == [LOGIN]
        assert sink.recipients == [OWNER]
        assert "pace" in sink.subjects[0]


async def test_a_password_that_is_wrong_is_for_operators_to_mend_and_loses_no_mail(
    authority: Authority, tmp_path: Path
) -> None:
    async with SmtpSink(tls=server_tls(authority, tmp_path), login=LOGIN) as sink:
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await channel(f"smtp+starttls://nectary:wrong@127.0.0.1:{sink.port}").send(an_alert(OWNER))
        assert sink.raw == []


async def test_who_offers_no_tls_gets_neither_password_nor_mail() -> None:
    """Somebody in between may have struck out the offer."""
    async with SmtpSink() as sink:
        with pytest.raises(aiosmtplib.SMTPException):
            await channel(f"smtp+starttls://{WRITTEN}@127.0.0.1:{sink.port}").send(an_alert(OWNER))
        assert (sink.logins, sink.raw) == ([], [])


@pytest.mark.usefixtures("authority")
@pytest.mark.parametrize(("scheme", "is_wrapped"), [("smtp+starttls", False), ("smtps", True)])
async def test_a_mail_server_whom_nobody_vouches_for_gets_neither_password_nor_mail(
    tmp_path: Path, scheme: str, is_wrapped: bool
) -> None:
    stranger = server_tls(Authority("somebody else"), tmp_path)
    async with SmtpSink(tls=stranger, is_wrapped=is_wrapped, login=LOGIN) as sink:
        with pytest.raises((aiosmtplib.SMTPException, OSError)):
            await channel(f"{scheme}://{WRITTEN}@127.0.0.1:{sink.port}").send(an_alert(OWNER))
        assert (sink.logins, sink.raw) == ([], [])


def texting(url: str) -> SmsChannel:
    return SmsChannel(HttpSmsProvider(Endpoint(url)), [NUMBER])


@pytest.mark.parametrize("status", [301, 401, 403, 408, 425, 429, 500, 503])
async def test_what_an_operator_or_time_can_mend_is_tried_again(status: int) -> None:
    async with Simulator(status=status) as provider:
        with pytest.raises(SmsRefused, match=str(status)):
            await texting(provider.sms_url).send(an_alert(NUMBER))


@pytest.mark.parametrize("status", [400, 404, 410, 422])
async def test_what_is_our_fault_is_not_tried_again(status: int) -> None:
    async with Simulator(status=status) as provider:
        with pytest.raises(Undeliverable, match=str(status)):
            await texting(provider.sms_url).send(an_alert(NUMBER))


@pytest.mark.parametrize("status", [201, 202, 204])
async def test_any_answer_of_success_is_one(status: int) -> None:
    async with Simulator(status=status) as provider:
        await texting(provider.sms_url).send(an_alert(NUMBER))


async def test_a_provider_that_is_mute_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "SECONDS", 0.1)
    async with Simulator(delay_seconds=30) as provider:
        with pytest.raises(TimeoutError):
            await texting(provider.sms_url).send(an_alert(NUMBER))


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"220 mail.example ESMTP\r\n\r\n"]
)
async def test_a_provider_that_hangs_up_or_speaks_something_else_is_tried_again(answer: bytes) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises((HttpError, OSError, TimeoutError)):
            await texting(f"http://127.0.0.1:{port}/sms").send(an_alert(NUMBER))


async def test_a_provider_that_is_down_is_tried_again() -> None:
    async with Simulator() as provider:
        url = provider.sms_url
    with pytest.raises(ConnectionRefusedError):
        await texting(url).send(an_alert(NUMBER))
