"""Identity as Honey asks it: which SKUs members held, each at an instant of its own.

Whoever asks while a call is under way shares the next one, so that a crowd of events costs few calls.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import structlog

from clients import NectaryError
from domain.shared.errors import Unavailable
from domain.shared.instants import Instant, to_datetime
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.mesh.batching import Coalescer

MAX_BATCH = 1_000
"""Moments that Identity can be asked about at once."""
MAX_WAITING = 16_384
IN_FLIGHT = 2
LONGEST_SECONDS = 2.0
"""Less than an event's own deadline, so that whoever told of it hears why it was not recorded."""

_log = structlog.get_logger("nectary.honey")


class Moment(NamedTuple):
    """A member at an instant."""

    member_id: str
    at: Instant


class Client(Protocol):
    """Identity's client, as it is needed here."""

    async def batch_check_moments(
        self, moments: Iterable[tuple[str, datetime]]
    ) -> Sequence[pb.MemberIdentities]: ...


class Identities:
    """What members held."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        """Connects with the first question.

        In a process that serves all of the mesh Identity is at its own address, which is known only once it
        listens.
        """
        self._connect = connect
        self._client: Client | None = None
        self._ask: Coalescer[Moment, frozenset[str]] = Coalescer(
            self._answers, max_size=MAX_BATCH, max_waiting=MAX_WAITING, in_flight=IN_FLIGHT
        )

    async def held(self, member_id: str, at: Instant) -> frozenset[str]:
        """The SKUs that a member held at an instant, as known now or a second ago.

        Raises Unavailable (ELIGIBILITY_UNKNOWN) if Identity does not answer.
        """
        return await self._ask(Moment(member_id, at))

    async def _answers(self, moments: Sequence[Moment]) -> Sequence[frozenset[str]]:
        different = list(dict.fromkeys(moments))
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                found = await self._checked(different)
        except (NectaryError, TimeoutError) as error:
            _log.warning("holders_unknown", moments=len(different), error=repr(error))
            message = "what the member held cannot be learnt at this moment"
            raise Unavailable("ELIGIBILITY_UNKNOWN", message) from error
        held = {
            moment: frozenset(sku.sku_id for sku in one.held)
            for moment, one in zip(different, found, strict=True)
        }
        return [held[moment] for moment in moments]

    async def _checked(self, moments: Sequence[Moment]) -> Sequence[pb.MemberIdentities]:
        if self._client is None:
            self._client = self._connect()
        return await self._client.batch_check_moments(
            (each.member_id, to_datetime(each.at)) for each in moments
        )
