"""Members with cards, granted through the mesh as any caller would."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from benchmarks.measuring.load import Load
from benchmarks.measuring.mesh import Mesh
from nectary.identity.v1 import catalog_pb2 as cards
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb

IN_FLIGHT = 64
GRANT = "/nectary.identity.v1.IdentityService/GrantTerm"

Members = Mapping[str, Sequence[str]]
"""By member id, the SKUs of their terms in the order of giving."""

MIXTURE: Sequence[Sequence[str]] = (
    ("gold_annual",),
    ("gold_annual", "fengxiang_annual"),
    ("gold_annual", "gold_annual"),
)
"""One card, two cards side by side, and a card that was renewed."""


def populated(mesh: Mesh, load: Load, count: int) -> Members:
    """New members with cards as in MIXTURE, in turn."""
    members = {new_id(): MIXTURE[index % len(MIXTURE)] for index in range(count)}
    give(mesh, load, [(member_id, skus[0]) for member_id, skus in members.items()])
    give(mesh, load, [(member_id, skus[1]) for member_id, skus in members.items() if len(skus) > 1])
    return members


def give(mesh: Mesh, load: Load, terms: Sequence[tuple[str, str]]) -> None:
    """Grants one term each, in no order."""
    requests = [_grant(member_id, sku_id).SerializeToString() for member_id, sku_id in terms]
    load.drive(mesh.server.address, GRANT, requests, IN_FLIGHT)


def new_id() -> str:
    return uuid4().hex


def _grant(member_id: str, sku_id: str) -> pb.GrantTermRequest:
    return pb.GrantTermRequest(
        request_id=new_id(),
        member_id=member_id,
        sku_id=sku_id,
        source="benchmark",
        acquisition_channel=cards.ACQUISITION_CHANNEL_INCENTIVE_TASK,
        cause=identity.Cause(kind=identity.CAUSE_KIND_TASK, id=new_id()),
    )
