"""The example of rules with one thing wrong: by its shape, or beside the rest."""

from collections.abc import Iterator
from typing import Any

from nectary.honey.v1 import honey_pb2 as honey
from tests.wire.honey.mesh import the_example

BASE, RIDES = "scenes[0].rules[1]", "scenes[1].rules"
SPOILT: dict[str, Any] = {
    "notice.count": 367,
    "notice.unit": 0,
    "waive_budget.points": 0,
    "waive_budget.window": 1,
    "scenes[0].scene_id": "Order.Paid",
    "scenes[0].mode": 9,
    f"{BASE}.rule_id": "Base",
    f"{BASE}.version": 0,
    f"{BASE}.award": None,
    f"{BASE}.award.proportional": None,
    f"{BASE}.award.proportional.points": 101_000_000,
    f"{BASE}.award.proportional.per_minor": 0,
    f"{BASE}.award.proportional.currency": "yuan",
    f"{BASE}.conditions[0].holds_none_of.sku_ids[0]": "two words",
    f"{BASE}.conditions[0].holds_none_of": None,
    f"{BASE}.conditions[1].paid_between.least_minor": -1,
    f"{BASE}.conditions[1].paid_between.most_minor": 99,
    f"{BASE}.multipliers[0].factor": "1,5",
    f"{BASE}.multipliers[1].factor": "0.5",
    f"{BASE}.multipliers[0].for_holders": None,
    f"{BASE}.multipliers[1].for_campaign.campaign_id": "",
    f"{BASE}.multipliers[1].for_campaign.end_time": None,
    f"{BASE}.combination": 9,
    f"{BASE}.caps[0].points": 0,
    f"{BASE}.caps[0].window": 0,
    f"{BASE}.caps[0].scope": 9,
    f"{BASE}.caps[0].over": 9,
    f"{BASE}.return_window.count": 36_601,
    f"{BASE}.expiry.rolling": None,
    f"{BASE}.expiry.rolling.period": None,
    f"{BASE}.expiry.rolling.end_of": 7,
    f"{BASE}.merchant_id": "two words",
    f"{BASE}.priority": 101,
    f"{BASE}.quoted_at": 9,
    f"{RIDES}[0].award.fixed_points": 0,
    f"{RIDES}[0].cooldown.count": 0,
    f"{RIDES}[1].caps[1].window": 1,
    f"{RIDES}[1].expiry.fixed_dates.dates[0]": "2026-02-29",
    f"{RIDES}[1].expiry.fixed_dates.dates[1]": "2026-12-30",
    "tiers.tiers[0].threshold": 1,
    "tiers.tiers[1].threshold": 5_001,
    "tiers.tiers[1].tier_id": "green",
    "tiers.window.rolling_months": 37,
    "tiers.effect": 9,
    "tiers.downgrade": 1,
    "tiers.grace.count": 12,
    "tasks[0].task_id": "",
    "tasks[0].version": 2,
    "tasks[0].title": "",
    "tasks[0].scene": "Ride",
    "tasks[0].goal": None,
    "tasks[0].goal.times": 201,
    "tasks[0].reward": None,
    "tasks[0].reward.points": 0,
    "tasks[0].reward.benefit_id": "coffee",
    "tasks[0].reward.points_expiry.rolling.period.count": 36_601,
    "tasks[0].open_time": None,
    "tasks[0].rhythm": 9,
    "tasks[1].goal.paid.least_minor": 249,
    "tasks[1].reward.membership_days.days": 367,
    "tasks[1].conditions[0].channel_in.channels[0]": "",
}
"""Fields of the example, and what they may not be."""
SHOWS_AT = {
    "tasks[0].reward.benefit_id": "tasks[0].reward",
    "tasks[0].reward.points_expiry.rolling.period.count": "tasks[0].reward.points_expiry.rolling.period",
    "notice.count": "notice",
    f"{BASE}.award.proportional": f"{BASE}.award.award",
    f"{BASE}.award.proportional.points": f"{BASE}.award",
    f"{BASE}.conditions[0].holds_none_of": f"{BASE}.conditions[0].condition",
    f"{BASE}.multipliers[0].for_holders": f"{BASE}.multipliers[0].when",
    f"{BASE}.return_window.count": f"{BASE}.return_window",
    f"{BASE}.expiry.rolling": f"{BASE}.expiry.expiry",
    f"{RIDES}[1].caps[1].window": f"{RIDES}[1].caps[1].scope",
    f"{RIDES}[1].expiry.fixed_dates.dates[1]": f"{RIDES}[1].expiry.fixed_dates.dates",
    "tiers.tiers[1].threshold": "tiers.tiers[2].threshold",
    "tiers.downgrade": "tiers.grace",
    "tiers.grace.count": "tiers.grace",
}
"""Where that shows, if it is elsewhere."""


def spoilt_examples(programme_id: str) -> Iterator[tuple[str, honey.Programme]]:
    """Where it shows, and the programme."""
    for path, value in SPOILT.items():
        programme = the_example(programme_id)
        *way, last = path.replace("]", "").replace("[", ".").split(".")
        place: Any = programme
        for step in way:
            place = place[int(step)] if step.isdecimal() else getattr(place, step)
        if last.isdecimal():
            place[int(last)] = value
        elif value is None:
            place.ClearField(last)
        else:
            setattr(place, last, value)
        yield SHOWS_AT.get(path, path), programme
