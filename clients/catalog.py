"""What is sold and by which rules, for operators: `nectary.identity.v1.CatalogService`."""

from collections.abc import Sequence
from datetime import datetime

from nectary.identity.v1 import catalog_pb2 as catalog
from nectary.identity.v1 import catalog_service_pb2 as pb
from nectary.identity.v1 import catalog_service_pb2_grpc as rpc

from .base import Client
from .channel import Channel
from .request_ids import new_request_id
from .times import timestamp_of


class CatalogClient(Client):
    """Arguments are those of the contract. Moments are aware; a request id is made where none is given."""

    SERVICE = pb.DESCRIPTOR.services_by_name["CatalogService"]

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._stub = rpc.CatalogServiceStub(channel)

    async def apply_catalog(
        self,
        new: catalog.Catalog,
        *,
        validate_only: bool = False,
        expected_revision: int = 0,
        request_id: str | None = None,
    ) -> pb.ApplyCatalogResponse:
        """Replaces the whole catalogue. With `validate_only` says what that would change, or what is wrong.

        Only without it raises InvalidRequest (CATALOG_INCONSISTENT), with what fits into a status.
        """
        request = pb.ApplyCatalogRequest(
            request_id=request_id or new_request_id(),
            catalog=new,
            validate_only=validate_only,
            expected_revision=expected_revision,
        )
        return await self._stub.ApplyCatalog(request)

    async def get_catalog(self, at: datetime | None = None) -> pb.GetCatalogResponse:
        """The catalogue in force at a moment, now if absent. Raises NotFound before the first one."""
        return await self._stub.GetCatalog(pb.GetCatalogRequest(at=timestamp_of(at)))

    async def list_sku_revisions(
        self, sku_id: str, *, page_size: int = 0, page_token: str = ""
    ) -> pb.ListSkuRevisionsResponse:
        """One page of the versions of a SKU, newest first."""
        request = pb.ListSkuRevisionsRequest(sku_id=sku_id, page_size=page_size, page_token=page_token)
        return await self._stub.ListSkuRevisions(request)

    async def create_card_batch(
        self,
        sku_id: str,
        *,
        source: str,
        count: int,
        activation_end: datetime,
        activation_start: datetime | None = None,
        request_id: str | None = None,
    ) -> pb.CreateCardBatchResponse:
        """Makes physical cards. The codes are in this answer and nowhere else, not even in a repeat of it."""
        request = pb.CreateCardBatchRequest(
            request_id=request_id or new_request_id(),
            sku_id=sku_id,
            source=source,
            count=count,
            activation_start_time=timestamp_of(activation_start),
            activation_end_time=timestamp_of(activation_end),
        )
        return await self._stub.CreateCardBatch(request)

    async def void_cards(
        self,
        *,
        reason: str,
        batch_id: str = "",
        codes: Sequence[str] = (),
        request_id: str | None = None,
    ) -> pb.VoidCardsResponse:
        """Makes unspent cards worthless: a whole batch, or single codes."""
        request = pb.VoidCardsRequest(
            request_id=request_id or new_request_id(), batch_id=batch_id, codes=codes, reason=reason
        )
        return await self._stub.VoidCards(request)
