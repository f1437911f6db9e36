"""Versions of tasks on the wire. Their zone is the programme's."""

from domain.honey.task_rules import (
    Benefit,
    Goal,
    MembershipDays,
    Paid,
    Points,
    Reward,
    Rhythm,
    TaskVersion,
    Times,
)
from nectary.honey.v1 import task_rules_pb2 as pb
from servers.honey.wire.calendar import end, own_end
from servers.honey.wire.conditions import conditions, own_conditions
from servers.honey.wire.earning_rules import expiry, own_expiry
from servers.mesh.enum_names import Names
from servers.mesh.timestamps import instant_of, timestamp_of

RHYTHMS = Names(Rhythm, pb.Rhythm)


def task_version(own: TaskVersion) -> pb.TaskVersion:
    return pb.TaskVersion(
        task_id=own.task_id,
        version=own.version,
        title=own.title,
        scene=own.scene,
        goal=_goal(own.goal),
        reward=_reward(own.reward),
        open_time=timestamp_of(own.opens),
        close_time=end(own.closes),
        rhythm=RHYTHMS.wire(own.rhythm),
        conditions=conditions(own.conditions),
    )


def own_task_version(message: pb.TaskVersion, zone: str) -> TaskVersion:
    return TaskVersion(
        task_id=message.task_id,
        version=message.version,
        title=message.title,
        scene=message.scene,
        goal=_own_goal(message.goal),
        reward=_own_reward(message.reward),
        opens=instant_of(message.open_time),
        closes=own_end(message, "close_time"),
        rhythm=RHYTHMS.own_or(message.rhythm, Rhythm.ONCE),
        conditions=own_conditions(message.conditions),
        zone=zone,
    )


def _goal(own: Goal) -> pb.Goal:
    match own:
        case Times(target):
            return pb.Goal(times=target)
        case Paid(target, currency, least):
            return pb.Goal(paid=pb.Paid(target_minor=target, currency=currency, least_minor=least))


def _own_goal(message: pb.Goal) -> Goal:
    if message.WhichOneof("goal") == "times":
        return Times(message.times)
    return Paid(message.paid.target_minor, message.paid.currency, message.paid.least_minor)


def _reward(own: Reward) -> pb.Reward:
    match own:
        case Points(points, lasting):
            return pb.Reward(points=points, points_expiry=expiry(lasting) if lasting else None)
        case Benefit(benefit_id):
            return pb.Reward(benefit_id=benefit_id)
        case MembershipDays(sku_id, days):
            return pb.Reward(membership_days=pb.MembershipDays(sku_id=sku_id, days=days))


def _own_reward(message: pb.Reward) -> Reward:
    match message.WhichOneof("reward"):
        case "points":
            has_end = message.HasField("points_expiry")
            return Points(message.points, own_expiry(message.points_expiry) if has_end else None)
        case "benefit_id":
            return Benefit(message.benefit_id)
        case _:
            return MembershipDays(message.membership_days.sku_id, message.membership_days.days)
