"""The rules of a mesh to which nobody has given any: far above what a person does, far below a flood."""

from domain.risk.rules import Limit, Rule, RuleSet, Spread, StrikePolicy
from domain.risk.subjects import SubjectKind

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_OWNER = "platform"

SHIPPED = RuleSet(
    revision=0,
    rules=(
        Rule(
            rule_id="member_calls",
            title="What one member does in a minute",
            owner=_OWNER,
            effect=Limit((SubjectKind.MEMBER,), units=3_000, window_ms=_MINUTE_MS),
            strikes=StrikePolicy(10 * _MINUTE_MS, suspect_after=100),
        ),
        Rule(
            rule_id="device_calls",
            title="What comes from one device in a minute",
            owner=_OWNER,
            effect=Limit((SubjectKind.DEVICE,), units=3_000, window_ms=_MINUTE_MS),
            strikes=StrikePolicy(10 * _MINUTE_MS, suspect_after=100),
        ),
        Rule(
            # Many members may share an address: those of an office, or of a mobile network.
            rule_id="address_calls",
            title="What comes from one address in a minute",
            owner=_OWNER,
            effect=Limit((SubjectKind.ADDRESS,), units=60_000, window_ms=_MINUTE_MS),
            # An operator's tools on the machine itself import as fast as they can.
            condition="role != 'operator'",
            strikes=StrikePolicy(10 * _MINUTE_MS, suspect_after=1_000),
        ),
        Rule(
            rule_id="caller_calls",
            title="What one service, gateway or operator sends in a minute",
            owner=_OWNER,
            effect=Limit((SubjectKind.CALLER,), units=3_000_000, window_ms=_MINUTE_MS),
        ),
        Rule(
            # So many are no typing error. What is refused after them makes the address a suspect.
            rule_id="path_scan",
            title="Calls of methods that do not exist, from one address",
            owner=_OWNER,
            effect=Limit((SubjectKind.ADDRESS,), units=20, window_ms=10 * _MINUTE_MS),
            scenes=("mesh.unknown",),
            strikes=StrikePolicy(10 * _MINUTE_MS, suspect_after=1),
        ),
        Rule(
            rule_id="shared_device",
            title="Members on one device in an hour",
            owner=_OWNER,
            effect=Spread(SubjectKind.DEVICE, most_members=20, window_ms=_HOUR_MS),
        ),
    ),
)
