"""Worked examples: where terms end. Days, months, zones, fixed periods."""

from datetime import date, timedelta

from tests.oracle.scenario import Json, Scenario, buy, catalog, sku

MONTH = sku("month", 1, "MONTH", horizon={"count": 20, "unit": "PERIOD_UNIT_MONTH"})
YEAR = sku("year", 1, "YEAR", horizon={"count": 5, "unit": "PERIOD_UNIT_YEAR"})
WEEK = sku("week", 7, "DAY", day_end=True)
WEEK_FAR_AHEAD = {**WEEK, "horizon": {"count": 2, "unit": "PERIOD_UNIT_YEAR"}}
DAY = sku("day", 1, "DAY")
STUDENT = sku(
    "student",
    1,
    "YEAR",
    day_end=True,
    fixed_period={"start": {"month": 9, "day": 1}, "roll_over": {"month": 7, "day": 1}},
)

MONTH_ENDS = (
    "02-28",
    "03-31",
    "04-30",
    "05-31",
    "06-30",
    "07-31",
    "08-31",
    "09-30",
    "10-31",
    "11-30",
    "12-31",
    "2027-01-31",
    "2027-02-28",
)
MONTH_STARTS = ("01-31", *MONTH_ENDS[:-1])


def _week(number: int) -> tuple[str, str, str]:
    """Weeks bought at noon on 1 May 2026: the first ends when 8 May does, each further one 7 days later."""
    ends = date(2026, 5, 9) + timedelta(days=7 * number)
    start = "2026-05-01T12" if number == 0 else (ends - timedelta(days=7)).isoformat()
    return f"w{number}", start, ends.isoformat()


def _bought(name: str, card: Json, start: str, end: str, zone: str = "Asia/Shanghai") -> Scenario:
    """One purchase."""
    return Scenario(
        name, catalog(card, zone=zone), (buy("x", card["sku_id"], start),), ((("x", start, end),),), zone
    )


SCENARIOS = (
    Scenario(
        "ID-9: months counted from 31 January never drift, thirteen times",
        catalog(MONTH),
        tuple(buy(f"m{n}", "month", "01-31T10") for n in range(13)),
        (tuple((f"m{n}", f"{MONTH_STARTS[n]}T10", f"{MONTH_ENDS[n]}T10") for n in range(13)),),
    ),
    Scenario(
        "a year from 29 February ends on 28 February, and on the 29th of the next leap year",
        catalog(YEAR),
        tuple(buy(f"y{n}", "year", "2024-02-29T10") for n in range(4)),
        (
            (
                ("y0", "2024-02-29T10", "2025-02-28T10"),
                ("y1", "2025-02-28T10", "2026-02-28T10"),
                ("y2", "2026-02-28T10", "2027-02-28T10"),
                ("y3", "2027-02-28T10", "2028-02-29T10"),
            ),
        ),
    ),
    Scenario(
        "R9: months and years are one unit: a month behind a year keeps the 29th",
        catalog(YEAR, MONTH),
        (buy("y", "year", "2024-02-29T10"), buy("m", "month", "2024-02-29T10")),
        ((("y", "2024-02-29T10", "2025-02-28T10"), ("m", "2025-02-28T10", "2025-03-29T10")),),
    ),
    Scenario(
        "a year from 29 February to the end of the local day",
        catalog({**YEAR, "end_rounding": "END_ROUNDING_END_OF_LOCAL_DAY"}),
        (buy("y0", "year", "2024-02-29T10"), buy("y1", "year", "2024-02-29T10")),
        ((("y0", "2024-02-29T10", "2025-03-01"), ("y1", "2025-03-01", "2026-03-01")),),
    ),
    _bought("a day card bought at 23:59:59: that day does not count", WEEK, "05-01T23:59:59", "05-09"),
    _bought("a day card bought at 00:00:00: that day does not count", WEEK, "05-02T00:00", "05-10"),
    Scenario(
        "two day cards: behind another a card starts at midnight and lasts its days exactly",
        catalog(WEEK),
        (buy("w0", "week", "05-01T12"), buy("w1", "week", "05-01T12")),
        ((_week(0), _week(1)),),
    ),
    Scenario(
        "a 7-day card bought a hundred times",
        catalog(WEEK_FAR_AHEAD),
        tuple(buy(f"w{n}", "week", "05-01T12") for n in range(100)),
        (tuple(_week(n) for n in range(100)),),
    ),
    _bought(
        "a time that does not exist is the first instant after the gap",
        DAY,
        "03-07T02:30",
        "03-08T03:00",
        "America/New_York",
    ),
    _bought("a gap of half an hour", DAY, "10-03T02:15", "10-04T02:30", "Australia/Lord_Howe"),
    _bought(
        "a time that occurs twice is the first of them", DAY, "10-31T01:30", "11-01T01:30", "America/New_York"
    ),
    Scenario(
        "24 hours are 24 hours, whatever clocks do",
        catalog(sku("hours", 24, "HOUR"), zone="America/New_York"),
        (buy("h", "hours", "03-07T12"),),
        ((("h", "03-07T12", "03-08T13"),),),
        "America/New_York",
    ),
    Scenario(
        # 31 October 13:30 in New York to 01:30 on 1 November, the second one; times of Shanghai.
        "hours that end in the second of two equal hours",
        catalog(sku("hours", 13, "HOUR"), zone="America/New_York"),
        (buy("h", "hours", "11-01T01:30"),),
        ((("h", "11-01T01:30", "11-01T14:30"),),),
    ),
    Scenario(
        "a day that begins at one o'clock",
        catalog({**DAY, "end_rounding": "END_ROUNDING_END_OF_LOCAL_DAY"}, zone="America/Sao_Paulo"),
        (buy("d0", "day", "2018-11-02T12"), buy("d1", "day", "2018-11-02T12")),
        ((("d0", "2018-11-02T12", "2018-11-04T01"), ("d1", "2018-11-04T01", "2018-11-05")),),
        "America/Sao_Paulo",
    ),
    _bought(
        "the card type's zone counts, wherever the member is",
        WEEK,
        "05-01T23:30",
        "05-09",
        "America/New_York",
    ),
    _bought("a fixed period ends when it ends", STUDENT, "03-10T12", "09-01"),
    _bought("the last second before the roll-over day", STUDENT, "06-30T23:59:59", "09-01"),
    _bought("from the roll-over day on the next period is covered too", STUDENT, "07-01T00:00", "2027-09-01"),
    _bought("the first instant of a period", STUDENT, "09-01T00:00", "2027-09-01"),
    Scenario(
        "a fixed-period card renewed covers the next period",
        catalog(STUDENT),
        (buy("s0", "student", "03-10T12"), buy("s1", "student", "03-10T12")),
        ((("s0", "03-10T12", "09-01"), ("s1", "09-01", "2027-09-01")),),
    ),
)
