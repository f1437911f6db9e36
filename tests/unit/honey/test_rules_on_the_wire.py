"""Rules are the same rules after the wire and after the store."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import orjson
import pytest
from google.protobuf.json_format import MessageToDict, ParseError
from hypothesis import given
from hypothesis import strategies as st
from protovalidate import Validator

from domain.honey.earning_awards import FixedPoints, ForHolders, Multiplier
from domain.honey.programme import HeldExpiry, Programme, Shortfall
from domain.honey.rules import Rules
from nectary.honey.v1 import earning_rules_pb2, honey_pb2
from servers.honey.sql.documents import rules_document, rules_of
from servers.honey.wire import rules as wire
from servers.honey.wire.awards import multiplier, own_multiplier
from tests.unit.honey.earnings import a_rule, the_rules
from tests.unit.honey.rule_books import whole_programmes

VALIDATOR = Validator()


@given(whole_programmes(), st.integers(-100, 100), st.sampled_from(["", "shop"]))
def test_nothing_is_lost_on_the_wire_nor_in_the_store(
    programme: Programme, priority: int, merchant_id: str
) -> None:
    scenes = [
        replace(
            scene,
            rules=tuple(replace(rule, priority=priority, merchant_id=merchant_id) for rule in scene.rules),
        )
        for scene in programme.scenes
    ]
    programme = replace(programme, scenes=tuple(scenes))
    rules = Rules(1, {programme.programme_id: programme})
    message = wire.rules(rules)
    assert wire.programmes_of(message) == [programme]
    assert list(rules_of(rules_document(rules))) == [programme]
    assert VALIDATOR.collect_violations(message) == []


@given(st.integers(10_000, 1_000_000))
def test_a_factor_is_a_decimal_number_and_exact(parts: int) -> None:
    own = Multiplier(Fraction(parts, 10_000), ForHolders(frozenset({"gold_year"})))
    message = multiplier(own)
    assert own_multiplier(message) == own
    assert VALIDATOR.collect_violations(message) == []


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        (Fraction(1), "1"),
        (Fraction(100), "100"),
        (Fraction(3, 2), "1.5"),
        (Fraction(10_001, 10_000), "1.0001"),
    ],
)
def test_a_factor_is_told_as_short_as_can_be(factor: Fraction, text: str) -> None:
    assert multiplier(Multiplier(factor, ForHolders(frozenset()))).factor == text


def test_a_date_is_a_day_that_there_is() -> None:
    first, days = date(2000, 1, 1), 100 * 366
    there_are = {(first + timedelta(days=day)).isoformat() for day in range(days)}
    said = [
        f"{year}-{month:02}-{day:02}"
        for year in (1999, *range(2000, 2100, 3), 2100)
        for month in range(14)
        for day in range(33)
    ]
    for day in said:
        fine = not VALIDATOR.collect_violations(earning_rules_pb2.FixedDates(dates=[day]))
        assert fine == (day in there_are and day.startswith("20")), day


def test_what_is_left_open_is_settled() -> None:
    rule = earning_rules_pb2.EarningRule(
        rule_id="base", version=1, award=earning_rules_pb2.Award(fixed_points=5)
    )
    scene = earning_rules_pb2.Scene(scene_id="order.paid", rules=[rule])
    told = honey_pb2.Rules(programmes=[honey_pb2.Programme(programme_id="honey", scenes=[scene])])
    scenes = the_rules(a_rule(FixedPoints(5))).scenes
    first_match = replace(scenes[0], mode=type(scenes[0].mode).FIRST_MATCH)
    assert wire.programmes_of(told) == [Programme("honey", scenes=(first_match,))]


def test_a_revision_of_before_there_were_scenes_is_still_readable() -> None:
    told = {
        "programme_id": "honey",
        "zone": "UTC",
        "held_expiry": "STRICT",
        "shortfall": "TAKE_OTHER_LOTS",
        "longest_hold": 60_000_000,
        "reinstatement_window": 5,
    }
    own = Programme("honey", "UTC", HeldExpiry.STRICT, Shortfall.TAKE_OTHER_LOTS, 60_000_000, 5)
    assert list(rules_of(orjson.dumps([told]))) == [own]


def test_a_stored_rule_that_is_not_understood_is_not_half_read() -> None:
    document = MessageToDict(wire.rules(Rules(1, {"honey": Programme("honey")})))
    document["programmes"][0]["tides"] = 7
    with pytest.raises(ParseError, match="tides"):
        list(rules_of(orjson.dumps(document)))
