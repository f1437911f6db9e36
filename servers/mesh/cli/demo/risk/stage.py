"""The stage of the chapter: a mesh that mails its alerts, members who come through a gateway, a mailbox."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from clients import NotFound
from nectary.risk.v1 import risk_pb2 as pb
from nectary.risk.v1 import risk_service_pb2 as service
from servers.mesh.cli.demo.risk.gateway import Gateway
from servers.mesh.cli.demo.risk.mailbox import Mailbox
from servers.mesh.cli.demo.story import Story
from servers.mesh.cli.output import Output
from servers.mesh.cli.private_mesh import private_mesh
from servers.mesh.cli.session import Mesh, open_mesh

MEMBERS = ("tao", "nina", "rui")
SCENE = "identity.redeem"
POLL_SECONDS = 0.05
MOST_POLLS = 200
_MAIL = {"risk_mail_from": "nectary@shop.example", "risk_mail_to": "operators@shop.example"}
# On a busy machine a store that answers late would be passed over, as it should be, and counts be others.
_PATIENT = {"risk_slow_ms": "1000"}

T = TypeVar("T")


@dataclass(kw_only=True)
class RiskStory(Story):
    """The mesh of the story is the operators' way to it."""

    rules: pb.RuleSet
    """To be added to those that are shipped."""
    members: Mapping[str, Mesh]
    """The members' way to it: through the gateway, each with a token of its own."""
    mailbox: Mailbox
    refused_ids: set[str] = field(default_factory=set)
    """Decisions of which the first burst was told."""

    async def until(self, moment: float) -> None:
        """Waits until then, on the loop's clock."""
        await asyncio.sleep(moment - asyncio.get_running_loop().time())

    async def judged(self, member_id: str, is_so: Callable[[pb.Decision], bool]) -> pb.Decision:
        """What the process that serves would decide about a member's try, once it is so; takes nothing."""
        facts = pb.Facts(scene=SCENE, role="gateway", cost=20, subjects=[member(member_id)])
        facts.authenticated.append(pb.SUBJECT_KIND_MEMBER)

        async def would_be() -> pb.Decision:
            return (await self.mesh.risk.evaluate(facts, check_only=True)).decision

        return await eventually(would_be, is_so)

    async def listed(self, member_id: str, state: pb.SuspectState.ValueType) -> service.GetSubjectResponse:
        """What the list says of a member, once it is in a state."""
        return await eventually(
            lambda: self.mesh.risk.get_subject(member(member_id)), lambda found: found.suspect.state == state
        )

    async def recorded(self, decision_id: str) -> service.ExplainDecisionResponse:
        """A decision explained; empty while it is on its way into the record."""
        try:
            return await self.mesh.risk.explain_decision(decision_id)
        except NotFound:
            return service.ExplainDecisionResponse()

    async def mails(self, count: int) -> list[EmailMessage]:
        """All that arrived, once there are so many."""

        async def arrived() -> list[EmailMessage]:
            return self.mailbox.mails

        return await eventually(arrived, lambda mails: len(mails) >= count)


@asynccontextmanager
async def risk_story(output: Output, rules: pb.RuleSet) -> AsyncIterator[RiskStory]:
    """Raises CommandError if the mesh does not come up."""
    gateway = Gateway()
    with TemporaryDirectory(prefix="nectary-") as folder:
        async with Mailbox() as mailbox, AsyncExitStack() as ending:
            settings = {**gateway.settings(Path(folder)), **_MAIL, **_PATIENT, "risk_mail_url": mailbox.url}
            mesh = await ending.enter_async_context(private_mesh(settings))
            members = {
                name: await ending.enter_async_context(open_mesh(mesh.address, token=gateway.token(name)))
                for name in MEMBERS
            }
            yield RiskStory(mesh, output, rules=rules, members=members, mailbox=mailbox)


async def eventually(read: Callable[[], Awaitable[T]], is_so: Callable[[T], bool]) -> T:
    """What is read once it is so; what there is after 10 s if it never is, and the figures will tell."""
    found = await read()
    for _ in range(MOST_POLLS):
        if is_so(found):
            break
        await asyncio.sleep(POLL_SECONDS)
        found = await read()
    return found


def member(member_id: str) -> pb.SubjectName:
    return pb.SubjectName(kind=pb.SUBJECT_KIND_MEMBER, value=member_id)
