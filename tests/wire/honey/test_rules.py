"""Rules: applied as a whole, planned, kept revision by revision."""

from google.protobuf.duration_pb2 import Duration

from clients import Raced
from domain.honey.rules import Rules
from nectary.honey.v1 import earning_service_pb2 as pb
from nectary.honey.v1 import honey_pb2 as honey
from servers.honey.wire import rules as wire
from tests.wire.honey import requests as r
from tests.wire.honey.mesh import Mesh, serving, the_example, the_rules
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


async def test_a_rule_changes_by_a_higher_version_and_every_revision_stays_readable(
    store_url: str,
) -> None:
    async with serving(store_url) as mesh:
        rules = the_rules()
        rules.programmes.append(the_example("nectar"))
        first = await mesh.earning.ApplyRules(applying(rules))
        assert first.revision == 2
        assert first.changes == ["programme nectar is new"]
        assert (await _current(mesh)).rules.programmes[3] == _settled(rules).programmes[3]
        scene = rules.programmes[3].scenes[0]
        scene.rules[1].caps[0].points = 50
        error = await refusal(mesh.earning.ApplyRules(applying(rules, validate_only=True)))
        at = "rules.programmes[3].scenes[0].rules[1].version"
        assert [(each.field, each.reason) for each in error.violations] == [(at, "NOT_HIGHER")]
        scene.rules[1].version = 2
        del rules.programmes[3].scenes[1].rules[1]
        told = (await mesh.earning.ApplyRules(applying(rules))).changes
        day, month = "points by DAY and MEMBER, then CUT", "10000 points by MONTH and MEMBER, then CUT"
        caps = f"caps 1000 {day}; {month} -> 50 {day}; {month}"
        assert told == [
            f"programme nectar: scene order.paid: rule base 1 -> 2: {caps}",
            "programme nectar: scene ride.ended: rule winter_ride is removed",
        ]
        older = (await mesh.earning.GetRules(pb.GetRulesRequest(revision=2))).rules.programmes[3]
        assert older.scenes[0].rules[1].caps[0].points == 1_000
        assert len(older.scenes[1].rules) == 2


def _settled(rules: honey.Rules) -> honey.Rules:
    """With all that was left open."""
    return wire.rules(Rules(0, {each.programme_id: each for each in wire.programmes_of(rules)}))


async def _current(mesh: Mesh) -> pb.GetRulesResponse:
    return await mesh.earning.GetRules(pb.GetRulesRequest())
