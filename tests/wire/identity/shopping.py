"""Short ways to a state that a test starts from."""

from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb
from tests.wire.identity import requests as r
from tests.wire.identity.mesh import Mesh


async def ordered(mesh: Mesh, member: str, sku: str) -> identity.Order:
    return (await mesh.identity.CreateOrder(r.an_order(member, sku))).order


async def bought(mesh: Mesh, member: str, sku: str) -> identity.Term:
    """Ordered and paid."""
    return (await mesh.identity.ConfirmPayment(r.a_payment(await ordered(mesh, member, sku)))).term


async def granted(mesh: Mesh, member: str, sku: str) -> identity.Term:
    return (await mesh.identity.GrantTerm(r.a_grant(member, sku))).term


async def timeline_of(mesh: Mesh, member: str) -> identity.Timeline:
    return (await mesh.identity.GetTimeline(pb.GetTimelineRequest(member_id=member))).timeline


async def refunded(mesh: Mesh, member: str, term: identity.Term) -> str:
    """The refund's id, after a full refund."""
    request = r.a_refund(member, term.term_id)
    await mesh.identity.TerminateTerm(request)
    return request.refund_id
