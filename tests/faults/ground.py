"""Where a server of Identity is killed again and again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from clients import CatalogClient, IdentityClient
from servers.identity.slice import STREAM
from servers.identity.sql.tables import common, event, metadata, timeline
from servers.mesh.cli.messages import read_catalog
from tests.faults.process import ROOT, Nursery
from tests.faults.service_ground import Service, ServiceGround, service_ground

EXAMPLE = ROOT / "examples" / "nectary.example.yaml"

IDENTITY = Service(
    name="identity",
    stream=STREAM,
    metadata=metadata,
    common=common,
    facts=event,
    heads=timeline,
    subject="member_id",
    client=IdentityClient,
)

Ground = ServiceGround[IdentityClient]


@asynccontextmanager
async def ground(url: str, redis_url: str, nursery: Nursery, folder: Path) -> AsyncIterator[Ground]:
    """A ground with the example catalogue, its server without jobs."""
    async with service_ground(IDENTITY, url, redis_url, nursery, folder) as made:
        await CatalogClient(made.channel).apply_catalog(read_catalog(EXAMPLE))
        yield made
