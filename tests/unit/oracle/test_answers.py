"""What the oracle answers beside the timeline: identities, starts and ends, the earliest start."""

import pytest

from tests.oracle.earliest import earliest_start
from tests.oracle.local_time import at
from tests.oracle.oracle import Oracle
from tests.oracle.scenario import Step, buy, catalog, forbids, grant, needs, refund, sku

ZONE = "Asia/Shanghai"
GOLD = sku("gold", 1, "MONTH", price=3100)
YEAR = sku("year", 1, "YEAR")
STUDENT = sku("student", 1, "MONTH", spu="student")
TIMES = ("t", "now", "at", "start")


def instant(text: str) -> int:
    return at(f"2026-{text}" if text[2] == "-" else text, ZONE)


def in_time(step: Step) -> dict[str, object]:
    return step.op | {name: instant(step.op[name]) for name in TIMES if name in step.op}


def told(oracle: Oracle, *steps: Step) -> Oracle:
    for step in steps:
        assert oracle.apply(in_time(step)).accepted, step
    return oracle


TWO_CARDS = (buy("a", "gold", "01-10T10"), buy("b", "gold", "01-10T10"), buy("s", "student", "01-20T10"))


@pytest.mark.parametrize(
    ("when", "held"),
    [
        ("01-10T09:59:59.999999", []),
        ("01-10T10", [(1, "gold")]),
        ("02-10T10", [(1, "gold"), (2, "student")]),
        ("02-20T10", [(1, "gold")]),
        ("03-10T10", []),
    ],
)
def test_identities_are_the_segments_that_contain_the_instant(when: str, held: list[tuple[int, str]]) -> None:
    oracle = told(Oracle(catalog(GOLD, STUDENT)), *TWO_CARDS)
    assert oracle.identities("ann", instant(when)) == held


def test_a_renewed_card_starts_once_and_ends_once() -> None:
    """ID-14."""
    oracle = told(Oracle(catalog(GOLD, STUDENT)), *TWO_CARDS)
    assert oracle.started_ended("ann", instant("03-10T10")) == [
        (1, "gold", "STARTED", instant("01-10T10")),
        (2, "student", "STARTED", instant("01-20T10")),
        (2, "student", "ENDED", instant("02-20T10")),
        (1, "gold", "ENDED", instant("03-10T10")),
    ]
    assert oracle.started_ended("ann", instant("01-15T10")) == [(1, "gold", "STARTED", instant("01-10T10"))]


def test_a_change_of_card_ends_one_and_starts_the_other_at_one_moment() -> None:
    oracle = told(Oracle(catalog(GOLD, YEAR)), buy("a", "gold", "01-10T10"), buy("y", "year", "01-11T10"))
    assert oracle.started_ended("ann", instant("02-10T10"))[1:] == [
        (1, "gold", "ENDED", instant("02-10T10")),
        (1, "year", "STARTED", instant("02-10T10")),
    ]


def test_a_conflicting_card_can_be_had_when_the_other_ends() -> None:
    cards = catalog(YEAR, STUDENT, rules=[forbids("student", "year")])
    oracle = told(Oracle(cards), buy("y", "year", "01-10T10"))
    wish = in_time(buy("s", "student", "01-20T10"))
    assert oracle.apply(wish).reason == "IDENTITY_CONFLICT"
    assert earliest_start(oracle, wish) == instant("2027-01-10T10")


def test_a_renewal_beyond_the_horizon_can_be_had_on_a_later_day_and_starts_behind() -> None:
    oracle = told(Oracle(catalog(GOLD)), *(buy(term, "gold", "01-10T10") for term in "abc"))
    wish = in_time(buy("d", "gold", "01-10T10"))
    assert oracle.apply(wish).reason == "HORIZON_EXCEEDED"
    # The tail would end on 10 May: from 10 February on that is within three months.
    assert earliest_start(oracle, wish) == instant("04-10T10")


def test_a_prerequisite_that_begins_later_is_waited_for() -> None:
    cards = catalog(GOLD, STUDENT, rules=[needs("student", "gold", "ACTIVE_AT_START")])
    oracle = told(Oracle(cards), grant("g", "gold", "01-11T10", start="03-01T10"))
    wish = in_time(buy("s", "student", "01-20T10"))
    assert oracle.apply(wish).reason == "PREREQUISITE_MISSING"
    assert earliest_start(oracle, wish) == instant("03-01T10")


def test_what_can_never_be_had_has_no_earliest_start() -> None:
    cards = catalog(YEAR, STUDENT, rules=[forbids("student", "year", "EVER_BOUGHT")])
    oracle = told(Oracle(cards), grant("y", "year", "01-10T10"))
    assert earliest_start(oracle, in_time(buy("s", "student", "01-20T10"))) is None


def test_a_refunded_trial_stays_used_unless_it_is_released() -> None:
    """ID-15."""
    cards = catalog(sku("trial", 3, "DAY", trial_family="taste"))
    kept = told(Oracle(cards), buy("a", "trial", "01-10T10"), refund("a", "01-11T10"))
    assert kept.apply(in_time(buy("b", "trial", "02-10T10"))).reason == "TRIAL_USED"
    released = told(Oracle(cards), buy("a", "trial", "01-10T10"), refund("a", "01-11T10", release_trial=True))
    assert released.apply(in_time(buy("b", "trial", "02-10T10"))).accepted
