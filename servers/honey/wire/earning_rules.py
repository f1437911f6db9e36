"""Scenes and their rules on the wire."""

from datetime import date

from domain.honey.earning_awards import Combination
from domain.honey.earning_caps import Cap, Over, Scope
from domain.honey.earning_expiry import Expiry, FixedDates, Rolling, Sliding
from domain.honey.earning_rules import EarningRule, Mode, QuotedAt, Scene
from domain.honey.windows import Window
from nectary.honey.v1 import earning_rules_pb2 as pb
from servers.honey.wire.awards import COMBINATIONS, award, multiplier, own_award, own_multiplier
from servers.honey.wire.calendar import (
    WINDOWS,
    end,
    optional_period,
    own_end,
    own_optional_period,
    own_period,
    period,
    start,
)
from servers.honey.wire.conditions import conditions, own_conditions
from servers.mesh.enum_names import Names
from servers.mesh.timestamps import instant_of

MODES = Names(Mode, pb.Mode)
SCOPES = Names(Scope, pb.Scope)
OVERS = Names(Over, pb.Over)
QUOTES = Names(QuotedAt, pb.QuotedAt)


def scene(own: Scene) -> pb.Scene:
    return pb.Scene(
        scene_id=own.scene_id, mode=MODES.wire(own.mode), rules=[_rule(each) for each in own.rules]
    )


def own_scene(message: pb.Scene) -> Scene:
    return Scene(
        scene_id=message.scene_id,
        rules=tuple(_own_rule(each) for each in message.rules),
        mode=MODES.own_or(message.mode, Mode.FIRST_MATCH),
    )


def _rule(own: EarningRule) -> pb.EarningRule:
    return pb.EarningRule(
        rule_id=own.rule_id,
        version=own.version,
        award=award(own.award),
        conditions=conditions(own.conditions),
        multipliers=[multiplier(each) for each in own.multipliers],
        combination=COMBINATIONS.wire(own.combination),
        caps=[_cap(each) for each in own.caps],
        cooldown=optional_period(own.cooldown),
        expiry=expiry(own.expiry) if own.expiry else None,
        return_window=optional_period(own.return_window),
        merchant_id=own.merchant_id,
        priority=own.priority,
        quoted_at=QUOTES.wire(own.quoted_at),
        start_time=start(own.starts),
        end_time=end(own.ends),
    )


def _own_rule(message: pb.EarningRule) -> EarningRule:
    return EarningRule(
        rule_id=message.rule_id,
        version=message.version,
        award=own_award(message.award),
        conditions=own_conditions(message.conditions),
        multipliers=tuple(own_multiplier(each) for each in message.multipliers),
        combination=COMBINATIONS.own_or(message.combination, Combination.MAX),
        caps=tuple(_own_cap(each) for each in message.caps),
        cooldown=own_optional_period(message, "cooldown"),
        expiry=own_expiry(message.expiry) if message.HasField("expiry") else None,
        return_window=own_optional_period(message, "return_window"),
        merchant_id=message.merchant_id,
        priority=message.priority,
        quoted_at=QUOTES.own_or(message.quoted_at, QuotedAt.ORDER),
        starts=instant_of(message.start_time),
        ends=own_end(message, "end_time"),
    )


def _cap(own: Cap) -> pb.Cap:
    return pb.Cap(
        points=own.points,
        window=WINDOWS.wire(own.window),
        scope=SCOPES.wire(own.scope),
        over=OVERS.wire(own.over),
    )


def _own_cap(message: pb.Cap) -> Cap:
    return Cap(
        points=message.points,
        window=WINDOWS.own(message.window),
        scope=SCOPES.own_or(message.scope, Scope.MEMBER),
        over=OVERS.own_or(message.over, Over.CUT),
    )


def expiry(own: Expiry) -> pb.Expiry:
    match own:
        case Rolling(length, end_of):
            return pb.Expiry(rolling=pb.Rolling(period=period(length), end_of=WINDOWS.wire(end_of)))
        case FixedDates(dates):
            return pb.Expiry(fixed_dates=pb.FixedDates(dates=[day.isoformat() for day in dates]))
        case Sliding(length):
            return pb.Expiry(sliding=pb.Sliding(period=period(length)))


def own_expiry(message: pb.Expiry) -> Expiry:
    match message.WhichOneof("expiry"):
        case "rolling":
            rolling = message.rolling
            return Rolling(own_period(rolling.period), WINDOWS.own_or(rolling.end_of, Window.DAY))
        case "fixed_dates":
            return FixedDates(tuple(date.fromisoformat(day) for day in message.fixed_dates.dates))
        case _:
            return Sliding(own_period(message.sliding.period))
