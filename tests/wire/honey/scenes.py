"""What members of the test mesh earn points by, and their tasks."""

from google.protobuf.timestamp_pb2 import Timestamp

from nectary.honey.v1 import calendar_pb2, conditions_pb2, tier_rules_pb2
from nectary.honey.v1 import earning_rules_pb2 as rules
from nectary.honey.v1 import task_rules_pb2 as tasks

PAID, GOLDEN, FEW, RIDE = "order.paid", "gold.day", "few.left", "ride.ended"
BUDGET = 250
"""Of the scene of which there are few."""


def the_scenes() -> list[rules.Scene]:
    """Orders; something for holders of gold; a present while it lasts."""
    gold = conditions_pb2.Condition(holds_any_of=conditions_pb2.HoldsAnyOf(sku_ids=["gold_year"]))
    return [
        rules.Scene(
            scene_id=PAID,
            mode=rules.MODE_ALL,
            rules=[
                rules.EarningRule(
                    rule_id="base",
                    version=1,
                    award=rules.Award(
                        proportional=rules.ProportionalPoints(points=1, per_minor=100, currency="CNY")
                    ),
                    caps=[rules.Cap(points=1_000, window=calendar_pb2.WINDOW_DAY)],
                    return_window=calendar_pb2.Period(count=7, unit=calendar_pb2.PERIOD_UNIT_DAY),
                    expiry=rules.Expiry(
                        rolling=rules.Rolling(
                            period=calendar_pb2.Period(count=1, unit=calendar_pb2.PERIOD_UNIT_YEAR),
                            end_of=calendar_pb2.WINDOW_MONTH,
                        )
                    ),
                ),
                rules.EarningRule(
                    rule_id="first_order",
                    version=1,
                    award=rules.Award(fixed_points=50),
                    caps=[rules.Cap(points=50, window=calendar_pb2.WINDOW_LIFETIME)],
                ),
            ],
        ),
        rules.Scene(
            scene_id=GOLDEN,
            rules=[
                rules.EarningRule(
                    rule_id="golden", version=1, award=rules.Award(fixed_points=8), conditions=[gold]
                )
            ],
        ),
        rules.Scene(
            scene_id=FEW,
            rules=[
                rules.EarningRule(
                    rule_id="present",
                    version=1,
                    award=rules.Award(fixed_points=10),
                    caps=[
                        rules.Cap(
                            points=BUDGET, window=calendar_pb2.WINDOW_LIFETIME, scope=rules.SCOPE_EVERYBODY
                        )
                    ],
                )
            ],
        ),
    ]


def the_tasks() -> list[tasks.TaskVersion]:
    """Rides each day for points, and money spent for days of a membership."""
    month = calendar_pb2.Period(count=1, unit=calendar_pb2.PERIOD_UNIT_MONTH)
    rides = tasks.TaskVersion(
        task_id="rides",
        version=1,
        title="Three rides a day",
        scene=RIDE,
        goal=tasks.Goal(times=3),
        reward=tasks.Reward(points=30, points_expiry=rules.Expiry(rolling=rules.Rolling(period=month))),
        open_time=Timestamp(seconds=1_700_000_000),
        rhythm=tasks.RHYTHM_DAY,
    )
    spender = tasks.TaskVersion(
        task_id="spender",
        version=1,
        title="Spend 500 yuan",
        scene=PAID,
        goal=tasks.Goal(paid=tasks.Paid(target_minor=50_000, currency="CNY", least_minor=1_000)),
        reward=tasks.Reward(membership_days=tasks.MembershipDays(sku_id="gold_year", days=30)),
        open_time=Timestamp(seconds=1_700_000_000),
    )
    return [rides, spender]


def the_tiers() -> tier_rules_pb2.TierRules:
    """By the points of the calendar year, at once."""
    ladder = (("base", 0), ("silver", 100), ("gold", 500))
    return tier_rules_pb2.TierRules(
        tiers=[tier_rules_pb2.Tier(tier_id=tier_id, threshold=points) for tier_id, points in ladder]
    )


def a_week() -> calendar_pb2.Period:
    return calendar_pb2.Period(count=7, unit=calendar_pb2.PERIOD_UNIT_DAY)
