"""`nectary events`: what happened to a member, or to all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from servers.mesh.cli.output import plain
from servers.mesh.cli.session import Mesh, Session
from servers.mesh.cli.verb import verb
from servers.mesh.cli.words import value_of, word_of

if TYPE_CHECKING:
    from nectary.identity.v1 import identity_pb2, identity_service_pb2

PAGE_SIZE = 500
FOLLOW_SECONDS = 1.0


def register(app: typer.Typer) -> None:
    """Adds `tail`."""
    verb(app, "tail")(tail)


async def tail(
    session: Session,
    member: Annotated[str, typer.Option(help="One member's. Default: everybody's.")] = "",
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Only this kind, such as identity-started; repeatable.")
    ] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=PAGE_SIZE, help="The last so many.")] = 20,
    from_start: Annotated[bool, typer.Option("--from-start", help="All of them, not the last.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on as events come, until Ctrl-C.")
    ] = False,
) -> None:
    """Print the last events; with --json one object a line."""
    from nectary.identity.v1 import identity_pb2

    kinds = [value_of(identity_pb2.EventType.DESCRIPTOR, one) for one in type_ or []]
    async with session.connect() as mesh:
        reader = _Reader(mesh, member, kinds)
        if not from_start:
            for event in await reader.latest(lines):
                _print(session, event)
        while from_start or follow:
            async for event in reader.rest():
                _print(session, event)
            if not follow:
                break
            await asyncio.sleep(FOLLOW_SECONDS)


class _Reader:
    """Reads on from where it stopped."""

    def __init__(self, mesh: Mesh, member: str, kinds: Sequence[int]) -> None:
        self._mesh = mesh
        self._member = member
        self._kinds = kinds
        self._token = ""
        self._skip = 0
        """Events of the page at the token that were read before: a member's last page has no next one."""

    async def latest(self, count: int) -> "Sequence[identity_pb2.TimelineEvent]":
        """The last events, after which `rest` goes on."""
        page = await self._page(page_size=max(count, 1), from_end=True)
        self._token = page.next_page_token
        return page.events[:count]

    async def rest(self) -> "AsyncIterator[identity_pb2.TimelineEvent]":
        """Everything that came since the last time, in order."""
        while True:
            page = await self._page(page_size=PAGE_SIZE, page_token=self._token)
            for event in page.events[self._skip :]:
                yield event
            self._skip = 0 if page.next_page_token else len(page.events)
            self._token = page.next_page_token or self._token
            if not page.next_page_token or not page.events:
                return

    async def _page(self, **where: Any) -> "identity_service_pb2.ListEventsResponse":
        return await self._mesh.identity.list_events(
            self._member,
            types=self._kinds,  # type: ignore[arg-type]  # values of the enum, checked by their words
            **where,
        )


def _print(session: Session, event: "identity_pb2.TimelineEvent") -> None:
    session.output.line(event)
    if session.output.as_json:
        return
    from clients.times import datetime_of
    from nectary.identity.v1 import identity_pb2

    kind = word_of(identity_pb2.EventType.DESCRIPTOR, event.type)
    what = " ".join(part for part in (event.sku_id, event.term_id, event.refund_id) if part)
    by = f" by {event.actor}" if event.actor else ""
    why = f": {event.reason}" if event.reason else ""
    moment = session.moment(datetime_of(event.effective_time))
    session.output.show(plain(f"{moment}  {event.member_id} #{event.sequence}  {kind}  {what}{by}{why}"))
