"""Alerts by SMS, through whoever sends them for us."""

from collections.abc import Sequence
from typing import Protocol

from servers.mesh.http_client import Endpoint
from servers.risk.alert_text import sms_of
from servers.risk.alerting import Undeliverable
from servers.risk.sql.alerts import Outgoing

SECONDS = 10.0
_WORTH_ANOTHER_TRY = frozenset({401, 403, 408, 409, 425, 429})
"""Of the answers that blame us: what an operator can mend, or time."""


class SmsProvider(Protocol):
    """Sends short messages."""

    async def send(self, number: str, text: str, message_id: str) -> None:
        """Returns when it has taken the message; the same id twice is one message.

        Raises Undeliverable, or anything else if it may work later.
        """
        ...


class SmsRefused(Exception):
    """The provider did not take the message."""


class HttpSmsProvider:
    """A provider that takes `{"id", "to", "text"}` by POST, and by any 2xx says that it has it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def send(self, number: str, text: str, message_id: str) -> None:
        """Raises Undeliverable, SmsRefused, TimeoutError, OSError or HttpError."""
        answer = await self._endpoint.post(
            {"id": message_id, "to": number, "text": text},
            timeout_seconds=SECONDS,
            headers={"Idempotency-Key": message_id},
        )
        if answer.is_good:
            return
        said = f"the SMS provider answered {answer.status}"
        if 400 <= answer.status < 500 and answer.status not in _WORTH_ANOTHER_TRY:
            raise Undeliverable(said)
        raise SmsRefused(said)


class SmsChannel:
    """Sends every alert to the same numbers: those of whoever is on duty."""

    name = "sms"

    def __init__(self, provider: SmsProvider, numbers: Sequence[str]) -> None:
        self._provider = provider
        self._numbers = tuple(numbers)

    def recipients(self, owner: str) -> Sequence[str]:
        return self._numbers

    async def send(self, outgoing: Outgoing) -> None:
        await self._provider.send(
            outgoing.recipient, sms_of(outgoing.message), f"{outgoing.alert_id}:{outgoing.recipient}"
        )
