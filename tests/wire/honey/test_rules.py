"""Rules: applied as a whole, planned, kept revision by revision."""

from google.protobuf.duration_pb2 import Duration

from clients import Raced
from nectary.honey.v1 import earning_service_pb2 as pb
from nectary.honey.v1 import honey_pb2 as honey
from tests.wire.honey import requests as r
from tests.wire.honey.mesh import Mesh, serving, the_rules
from tests.wire.honey.points import refusal


def applying(rules: honey.Rules, **more: object) -> pb.ApplyRulesRequest:
    return pb.ApplyRulesRequest(request_id=r.new_id(), rules=rules, **more)  # type: ignore[arg-type]


async def test_rules_are_planned_applied_and_read_again(store_url: str) -> None:
    async with serving(store_url) as mesh:
        rules = the_rules()
        rules.programmes[0].longest_hold.CopyFrom(Duration(seconds=60))
        planned = await mesh.earning.ApplyRules(applying(rules, validate_only=True))
        assert (await _current(mesh)).revision == 1
        applied = await mesh.earning.ApplyRules(applying(rules, expected_revision=1))
        assert planned == applied
        assert applied.revision == 2
        assert applied.changes == ["programme honey: longest_hold 2592000 s -> 60 s"]
        assert (await mesh.earning.ApplyRules(applying(rules))).revision == 2
        assert (await _current(mesh)).rules.programmes[0].longest_hold.seconds == 60
        first = await mesh.earning.GetRules(pb.GetRulesRequest(revision=1))
        assert first.rules.programmes[0].longest_hold.seconds == 30 * 86_400
        assert (await refusal(mesh.earning.GetRules(pb.GetRulesRequest(revision=3)))).reason == (
            "RULES_NOT_FOUND"
        )
        error = await refusal(mesh.earning.ApplyRules(applying(the_rules(), expected_revision=1)))
        assert isinstance(error, Raced)
        assert (error.reason, error.metadata) == ("STALE_VERSION", {"current_version": "2"})


async def _current(mesh: Mesh) -> pb.GetRulesResponse:
    return await mesh.earning.GetRules(pb.GetRulesRequest())
