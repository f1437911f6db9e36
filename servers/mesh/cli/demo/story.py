"""The stage: a mesh, a clock that stands still until a scene moves it, and a notebook of what was seen."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.panel import Panel
from rich.text import Text

from clients import Purchase
from nectary.identity.v1 import catalog_pb2
from nectary.identity.v1 import identity_pb2 as pb
from nectary.identity.v1 import identity_service_pb2 as service
from servers.mesh.cli.drawing.timeline import show_timeline
from servers.mesh.cli.moments import show_moment
from servers.mesh.cli.output import Output
from servers.mesh.cli.session import Mesh

ZONE = ZoneInfo("Asia/Shanghai")
Figure = str | int | list[str]


@dataclass
class Story:
    """Tells and notes."""

    mesh: Mesh
    output: Output
    seen: dict[str, Figure] = field(default_factory=dict)

    def tell(self, title: str, text: str) -> None:
        """Opens a scene."""
        tell(self.output, title, text)

    def say(self, text: str) -> None:
        self.output.show(text)

    def see(self, name: str, figure: Figure) -> None:
        """Notes a figure, to be held against the expected one in the end."""
        self.seen[name] = figure

    async def set_clock(self, moment: str) -> None:
        """Moves the clock to a local moment, where it stands still."""
        await self.mesh.clock.set(local(moment), frozen=True)
        self.output.show(Text(f"The clock is set to {moment}, Shanghai.", style="yellow"))

    async def buy(self, purchase: Purchase) -> service.ConfirmPaymentResponse:
        """Previews, orders exactly that, and pays."""
        etag = (await self.mesh.identity.preview_purchase(purchase)).etag
        order = (await self.mesh.identity.create_order(purchase, preview_etag=etag)).order
        return await self.mesh.identity.confirm_payment(
            order.order_id, payment_id=f"pay-{order.order_id}", amount=order.payable
        )

    async def draw(self, member_id: str) -> pb.Timeline:
        """Draws a member's timeline as it stands."""
        timeline = await self.mesh.identity.get_timeline(member_id)
        if not self.output.as_json:
            show_timeline(self.output.console, timeline, now=await self.mesh.clock.now(), zone=ZONE)
            self.output.show("")
        return timeline


def tell(output: Output, title: str, text: str) -> None:
    """A few sentences before what they are about."""
    output.show(Panel(Text(text), title=title, title_align="left", width=80))


def local(moment: str) -> datetime:
    """`2026-11-22 10:00` in the zone of the story."""
    return datetime.fromisoformat(moment).replace(tzinfo=ZONE)


def shown(moment: datetime) -> str:
    return show_moment(moment, ZONE)


def in_app(member_id: str, sku_id: str) -> Purchase:
    """A purchase in the shop's app."""
    return Purchase(member_id, sku_id, "shop", catalog_pb2.ACQUISITION_CHANNEL_APP_PURCHASE)


def at_school(member_id: str, sku_id: str) -> Purchase:
    """A purchase in a school's mini-program."""
    return Purchase(member_id, sku_id, "campus", catalog_pb2.ACQUISITION_CHANNEL_MINI_PROGRAM)


def last_days(timeline: pb.Timeline) -> list[str]:
    """The last local day of every segment, in order of time."""
    segments = [segment for lane in timeline.lanes for segment in lane.segments]
    ordered = sorted(segments, key=lambda segment: segment.start_time.ToNanoseconds())
    return [f"{segment.sku_id} {segment.valid_through}" for segment in ordered]
