"""`nectary.identity.v1.CatalogService`: translate, call one use case, translate back."""

import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from domain.identity.cards import CODE_LENGTH, CardBatch, code_of
from domain.identity.catalog import Catalog
from domain.identity.commands import catalog as commands
from domain.shared.errors import NotFound
from domain.shared.instants import Instant
from nectary.identity.v1 import catalog_pb2
from nectary.identity.v1 import catalog_service_pb2 as pb
from nectary.identity.v1 import catalog_service_pb2_grpc as rpc
from servers.identity.asking import Asking, new_id
from servers.identity.display import Display
from servers.identity.sql.catalogs import SqlCatalogs
from servers.identity.sql.lists import StoredRevision, sku_revisions
from servers.identity.sql.unit import Memory
from servers.identity.wire import catalogs as wire
from servers.identity.wire.values import instant, timestamp
from servers.mesh.pages import Query, position_of, size_of, token_of

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class CatalogServicer(rpc.CatalogServiceServicer):
    """What is sold and by which rules."""

    def __init__(self, ask: Asking, memory: Memory, display: Display) -> None:
        self._ask = ask
        self._memory = memory
        self._display = display

    async def ApplyCatalog(
        self, request: pb.ApplyCatalogRequest, context: "Context"
    ) -> pb.ApplyCatalogResponse:
        command = commands.ApplyCatalog(wire.draft_of(request.catalog), request.expected_revision)
        if request.validate_only:
            planned, now = await self._ask.look(commands.plan_catalog, command)
            return _planned(planned, now)
        answer = await self._ask.once(
            request, pb.ApplyCatalogResponse, commands.apply_catalog, command, _applied
        )
        self._display.forget()
        return answer

    async def GetCatalog(self, request: pb.GetCatalogRequest, context: "Context") -> pb.GetCatalogResponse:
        now = self._ask.clock.now()
        at = instant(request, "at")
        catalog, effective = await self._ask.store.read(self._in_force, now if at is None else at)
        shown = await self._display.shown(now)
        return pb.GetCatalogResponse(
            catalog=wire.catalog(catalog),
            revision=catalog.revision,
            effective_time=timestamp(effective),
            display_weights={spu_id: shown.weights.of(catalog, spu_id) for spu_id in catalog.spus},
        )

    async def ListSkuRevisions(
        self, request: pb.ListSkuRevisionsRequest, context: "Context"
    ) -> pb.ListSkuRevisionsResponse:
        query: Query = ["revisions", request.sku_id]
        before = position_of(query, request.page_token)
        size = size_of(request.page_size)
        rows = await self._ask.store.read(sku_revisions, request.sku_id, before, size + 1)
        if not rows and before is None:
            raise NotFound("SKU_NOT_FOUND", "there is no such SKU", sku_id=request.sku_id)
        token = token_of(query, rows[size - 1].version) if len(rows) > size else ""
        return pb.ListSkuRevisionsResponse(
            revisions=[_revision(row) for row in rows[:size]], next_page_token=token
        )

    async def CreateCardBatch(
        self, request: pb.CreateCardBatchRequest, context: "Context"
    ) -> pb.CreateCardBatchResponse:
        codes = tuple(code_of(secrets.token_bytes(CODE_LENGTH)) for _ in range(request.count))
        command = commands.CreateCardBatch(
            batch_id=new_id(),
            sku_id=request.sku_id,
            source=request.source,
            codes=codes,
            opens=instant(request, "activation_start_time"),
            closes=timestamp_of(request),
        )

        def answer(batch: CardBatch, _: Instant) -> pb.CreateCardBatchResponse:
            return pb.CreateCardBatchResponse(batch=wire.card_batch(batch))

        response = await self._ask.once(
            request, pb.CreateCardBatchResponse, commands.create_card_batch, command, answer
        )
        if response.batch.batch_id == command.batch_id:
            # A repeated request answers the first batch, whose codes nobody knows any more.
            response.codes.extend(codes)
        return response

    async def VoidCards(self, request: pb.VoidCardsRequest, context: "Context") -> pb.VoidCardsResponse:
        command = commands.VoidCards(request.batch_id, tuple(request.codes))

        def answer(result: commands.Voided, _: Instant) -> pb.VoidCardsResponse:
            return pb.VoidCardsResponse(
                voided=result.voided, redeemed_before=result.redeemed_before, unknown=result.unknown
            )

        return await self._ask.once(request, pb.VoidCardsResponse, commands.void_cards, command, answer)

    def _in_force(self, connection: Connection, at: Instant) -> tuple[Catalog, Instant]:
        catalogs = SqlCatalogs(connection, self._memory.catalogs)
        catalog = catalogs.current(at)
        return catalog, catalogs.effective(catalog.revision)


def timestamp_of(request: pb.CreateCardBatchRequest) -> Instant:
    """The required end of the activation window."""
    closes = instant(request, "activation_end_time")
    assert closes is not None, "validation requires it"
    return closes


def _applied(applied: commands.Applied, _: Instant) -> pb.ApplyCatalogResponse:
    return pb.ApplyCatalogResponse(
        revision=applied.revision,
        changes=[wire.change(change) for change in applied.changes],
        warnings=applied.warnings,
    )


def _planned(planned: commands.Planned, now: Instant) -> pb.ApplyCatalogResponse:
    if planned.applied:
        return _applied(planned.applied, now)
    listed = wire.violations(planned.violations)
    return pb.ApplyCatalogResponse(
        violations=listed, violations_omitted=len(planned.violations) - len(listed)
    )


def _revision(row: StoredRevision) -> catalog_pb2.SkuRevision:
    return catalog_pb2.SkuRevision(
        version=row.version,
        sku=wire.sku(row.sku),
        catalog_revision=row.catalog_revision,
        effective_time=timestamp(row.effective),
        retired=row.retired,
    )
