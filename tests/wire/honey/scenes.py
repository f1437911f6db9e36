"""What members of the test mesh earn points by."""

from nectary.honey.v1 import calendar_pb2, conditions_pb2
from nectary.honey.v1 import earning_rules_pb2 as rules

PAID, GOLDEN, FEW = "order.paid", "gold.day", "few.left"
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
