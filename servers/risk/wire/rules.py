"""Rule sets on the wire."""

from collections.abc import Sequence

from domain.risk.rules import Effect, Limit, OnError, Outcome, Rollout, Rule, Spread, StrikePolicy, Verdict
from domain.risk.rules_diff import ChangeKind, RuleChange
from nectary.risk.v1 import risk_pb2 as pb
from servers.mesh.enum_names import Names
from servers.mesh.timestamps import duration_of, microseconds_of
from servers.risk.wire.values import KINDS, MILLISECOND, ON_ERRORS, OUTCOMES

CHANGES = Names(ChangeKind, pb.RuleChangeKind)
FULL_PERCENT = 100
SHOWN_FIELDS = 40


def draft_of(message: pb.RuleSet) -> tuple[Rule, ...]:
    """Declared rules, their defaults filled in, without versions."""
    return tuple(_own_rule(rule) for rule in message.rules)


def rule_set(rules: Sequence[Rule]) -> pb.RuleSet:
    """Rules with their defaults written out."""
    return pb.RuleSet(rules=[_rule(rule) for rule in rules])


def _own_rule(message: pb.Rule) -> Rule:
    rollout = message.rollout
    return Rule(
        rule_id=message.rule_id,
        title=message.title,
        owner=message.owner,
        effect=_own_effect(message),
        scenes=tuple(message.scenes),
        condition=message.condition,
        rollout=Rollout(
            shadow=rollout.shadow,
            percentage=rollout.percentage if rollout.HasField("percentage") else FULL_PERCENT,
            shadow_scenes=tuple(rollout.shadow_scenes),
        ),
        strikes=_own_strikes(message.strikes) if message.HasField("strikes") else None,
        on_error=ON_ERRORS.own_or(message.on_error, OnError.OFF),
    )


def _own_effect(message: pb.Rule) -> Effect:
    match message.WhichOneof("effect"):
        case "limit":
            limit = message.limit
            key = tuple(KINDS.own(kind) for kind in limit.key)
            return Limit(key, limit.units, microseconds_of(limit.window) // MILLISECOND, limit.buckets)
        case "verdict":
            return Verdict(OUTCOMES.own(message.verdict.outcome), message.verdict.reason)
        case _:
            spread = message.spread
            window_ms = microseconds_of(spread.window) // MILLISECOND
            return Spread(KINDS.own(spread.across), spread.most_members, window_ms)


def _own_strikes(message: pb.StrikePolicy) -> StrikePolicy:
    return StrikePolicy(
        window_ms=microseconds_of(message.window) // MILLISECOND,
        suspect_after=message.suspect_after,
        challenged_after=message.challenged_after,
        confirmed_after=message.confirmed_after,
    )


def _rule(own: Rule) -> pb.Rule:
    message = pb.Rule(
        rule_id=own.rule_id,
        title=own.title,
        owner=own.owner,
        scenes=own.scenes,
        condition=own.condition,
        rollout=pb.Rollout(
            shadow=own.rollout.shadow,
            percentage=own.rollout.percentage,
            shadow_scenes=own.rollout.shadow_scenes,
        ),
        strikes=_strikes(own.strikes) if own.strikes else None,
        version=own.version,
        on_error=ON_ERRORS.wire(own.on_error),
    )
    match own.effect:
        case Limit(key, units, window_ms, buckets):
            kinds = [KINDS.wire(kind) for kind in key]
            window = duration_of(window_ms * MILLISECOND)
            message.limit.CopyFrom(pb.Limit(key=kinds, units=units, window=window, buckets=buckets))
        case Verdict(outcome, reason):
            message.verdict.CopyFrom(pb.Verdict(outcome=_outcome(outcome), reason=reason))
        case Spread(across, most_members, window_ms):
            window = duration_of(window_ms * MILLISECOND)
            spread = pb.Spread(across=KINDS.wire(across), most_members=most_members, window=window)
            message.spread.CopyFrom(spread)
    return message


def _outcome(own: Outcome) -> "pb.Outcome.ValueType":
    value: pb.Outcome.ValueType = OUTCOMES.wire(own)
    return value


def _strikes(own: StrikePolicy) -> pb.StrikePolicy:
    return pb.StrikePolicy(
        window=duration_of(own.window_ms * MILLISECOND),
        suspect_after=own.suspect_after,
        challenged_after=own.challenged_after,
        confirmed_after=own.confirmed_after,
    )


def change(own: RuleChange) -> pb.RuleChange:
    return pb.RuleChange(kind=CHANGES.wire(own.kind), rule_id=own.rule_id, fields=own.fields[:SHOWN_FIELDS])
