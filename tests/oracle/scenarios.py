"""All worked examples of Identity: expected values were worked out by hand from the texts, not by code."""

from tests.oracle import scenarios_calendar, scenarios_placing, scenarios_refunds, scenarios_rules

SCENARIOS = (
    *scenarios_calendar.SCENARIOS,
    *scenarios_placing.SCENARIOS,
    *scenarios_refunds.SCENARIOS,
    *scenarios_rules.SCENARIOS,
)
