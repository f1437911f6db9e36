"""Identity as Seckill asks it: its client, made with the first question.

In a process that serves all of the mesh Identity is at its own address, which is known only once it listens.
"""

from collections.abc import Callable, Sequence

from clients import Channel, IdentityClient
from nectary.identity.v1 import identity_service_pb2 as pb


class LateIdentities:
    """What `sale.eligibility` needs of Identity."""

    def __init__(self, connect: Callable[[], Channel]) -> None:
        self._connect = connect
        self._client: IdentityClient | None = None

    async def batch_check_identities(
        self, member_ids: Sequence[str], *, sku_ids: Sequence[str] = ()
    ) -> Sequence[pb.MemberIdentities]:
        if self._client is None:
            self._client = IdentityClient(self._connect())
        return await self._client.batch_check_identities(member_ids, sku_ids=sku_ids)
