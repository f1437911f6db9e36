"""How people are reached: mail servers, mail addresses and telephone numbers, as settings name them."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

MOST_NUMBERS = 10
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}")
_NUMBER = re.compile(r"\+[0-9]{6,16}")
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


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


def is_mail_address(text: str) -> bool:
    """Whether this is one plain mail address."""
    return _ADDRESS.fullmatch(text) is not None


def check_mail_address(text: str) -> None:
    """Raises ValueError unless this is one plain mail address."""
    if not is_mail_address(text):
        raise ValueError("no mail address")


def is_number(text: str) -> bool:
    """Whether this is one telephone number: its country's, `+` and 6 to 16 digits."""
    return _NUMBER.fullmatch(text) is not None


def numbers(text: str) -> list[str]:
    """Telephone numbers, with commas between them. Raises ValueError for others, or for none."""
    found = [one.strip() for one in text.split(",")]
    if len(found) > MOST_NUMBERS or not all(is_number(one) for one in found):
        raise ValueError(f"1 to {MOST_NUMBERS} numbers, each + and 6 to 16 digits")
    return found
