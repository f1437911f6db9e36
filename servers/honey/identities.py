"""Identity as Honey asks it: its client, made with the first question.

In a process that serves all of the mesh Identity is at its own address, which is known only once it listens.
"""

from collections.abc import Callable

from clients import Channel, IdentityClient, NectaryError
from domain.shared.errors import Unavailable
from domain.shared.instants import Instant, to_datetime


class LateIdentities:
    """What members held."""

    def __init__(self, connect: Callable[[], Channel]) -> None:
        self._connect = connect
        self._client: IdentityClient | None = None

    async def held(self, member_id: str, at: Instant) -> frozenset[str]:
        """The SKUs that a member held at an instant. Raises Unavailable."""
        if self._client is None:
            self._client = IdentityClient(self._connect())
        try:
            [member] = await self._client.batch_check_identities([member_id], at=to_datetime(at))
        except NectaryError as error:
            message = "Identity does not say what the member held"
            raise Unavailable("ELIGIBILITY_UNKNOWN", message) from error
        return frozenset(held.sku_id for held in member.held)
