"""What every verb is handed: where its results go, and the mesh that it talks to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from servers.mesh.cli.moments import DEFAULT_ZONE, show_moment, zone_of
from servers.mesh.cli.output import Output
from servers.mesh.cli.target import Target, credentials, find_target

if TYPE_CHECKING:
    from clients import (
        ActivityClient,
        CatalogClient,
        Channel,
        EarningClient,
        IdentityClient,
        LiabilityClient,
        RiskClient,
        SeckillClient,
        TaskClient,
        TestClockClient,
        TierClient,
        Tls,
        WalletClient,
    )


@dataclass(frozen=True)
class Mesh:
    """Typed clients on one channel."""

    address: str
    channel: "Channel"
    identity: "IdentityClient"
    catalog: "CatalogClient"
    activities: "ActivityClient"
    seckill: "SeckillClient"
    risk: "RiskClient"
    wallets: "WalletClient"
    earning: "EarningClient"
    liability: "LiabilityClient"
    tasks: "TaskClient"
    tiers: "TierClient"
    clock: "TestClockClient"

    async def now(self) -> datetime:
        """The server's time if it serves its clock, else the time here."""
        from clients import Forbidden, Unimplemented
        from servers.mesh.clock import SystemClock

        try:
            return await self.clock.now()
        except (Unimplemented, Forbidden):
            return datetime.fromtimestamp(SystemClock().now() / 1_000_000, UTC)


@dataclass
class Session:
    """One run of one command."""

    output: Output
    asked_target: str | None = None
    zone_name: str = DEFAULT_ZONE
    debug: bool = False

    @cached_property
    def target(self) -> Target:
        return find_target(self.asked_target)

    @cached_property
    def zone(self) -> ZoneInfo:
        """In which moments are read and shown."""
        return zone_of(self.zone_name)

    def moment(self, moment: datetime) -> str:
        """For people, in their zone."""
        return show_moment(moment, self.zone)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Mesh]:
        """The mesh. The first call connects; while nobody answers it fails with Unavailable."""
        tls, token = credentials(self.target)
        async with open_mesh(self.target.address, tls, token) as mesh:
            yield mesh


@asynccontextmanager
async def open_mesh(address: str, tls: "Tls | None" = None, token: str | None = None) -> AsyncIterator[Mesh]:
    """Typed clients of the server at `address`."""
    from clients import (
        ActivityClient,
        CatalogClient,
        EarningClient,
        IdentityClient,
        LiabilityClient,
        RiskClient,
        SeckillClient,
        TaskClient,
        TestClockClient,
        TierClient,
        WalletClient,
        connect,
    )

    kinds = (
        IdentityClient,
        CatalogClient,
        ActivityClient,
        SeckillClient,
        RiskClient,
        WalletClient,
        EarningClient,
        LiabilityClient,
        TaskClient,
        TierClient,
        TestClockClient,
    )
    async with connect(address, *(kind.SERVICE for kind in kinds), tls=tls, token=token) as channel:
        yield Mesh(
            address,
            channel,
            IdentityClient(channel),
            CatalogClient(channel),
            ActivityClient(channel),
            SeckillClient(channel),
            RiskClient(channel),
            WalletClient(channel),
            EarningClient(channel),
            LiabilityClient(channel),
            TaskClient(channel),
            TierClient(channel),
            TestClockClient(channel),
        )
