"""Worked examples: where a new term goes. Grace, relations, upgrades, pinned starts, horizons, sources."""

from typing import Any

from tests.oracle.scenario import Json, Scenario, Step, buy, catalog, grant, period, refund, sku

MONTH = sku("month", 1, "MONTH")
YEAR = sku("year", 1, "YEAR", price=36500)
QUARTER = sku("quarter", 3, "MONTH", price=9000)
# TAIL takes no day that is cheaper than the new card's.
DEAR_QUARTER = sku("quarter", 3, "MONTH", price=9200)
DAYS = sku("days", 7, "DAY")
PLUS = sku("plus", 1, "MONTH")
GRACE: Json = {**MONTH, "grace_days": 7}
MICRO = "09:59:59.999999"


def _after_a_month(
    name: str, t: str, *lanes: tuple[tuple[str, str, str], ...], card: Json = MONTH
) -> Scenario:
    """A month from 10 January 10:00, and another one bought around its end."""
    return Scenario(name, catalog(card), (buy("a", "month", "01-10T10"), buy("b", "month", t)), lanes)


A = ("a", "01-10T10", "02-10T10")
B = ("b", "02-10T10", "03-10T10")


def _upgrade(
    name: str, rule: str, *lane: tuple[str, str, str], told: Json, quarter: Json = QUARTER, year: Json = YEAR
) -> Scenario:
    """A quarter bought on New Year's Day, upgraded to a year after half of it: 45 of 90 days."""
    return Scenario(
        name,
        catalog(quarter, year, relations={"quarter > year": f"UPGRADE_NOW {rule}"}),
        (buy("q", "quarter", "01-01"), buy("y", "year", "02-15", told=told)),
        ((("q", "01-01", "02-15"), *lane),),
    )


GRACE_AND_END = (
    _after_a_month("renewed one microsecond before the end", f"02-10T{MICRO}", (A, B)),
    _after_a_month("bought at the end, without grace", "02-10T10", (A,), (B,)),
    _after_a_month(
        "bought one microsecond after the end, without grace",
        "02-10T10:00:00.000001",
        (A,),
        (("b", "02-10T10:00:00.000001", "03-10T10:00:00.000001"),),
    ),
    _after_a_month("renewed at the end, with grace", "02-10T10", (A, B), card=GRACE),
    _after_a_month("first day of grace: no free days, no gap", "02-10T12", (A, B), card=GRACE),
    _after_a_month("last microsecond of grace", f"02-17T{MICRO}", (A, B), card=GRACE),
    _after_a_month("after the grace time", "02-17T10", (A,), (("b", "02-17T10", "03-17T10"),), card=GRACE),
    _after_a_month(
        "RESTART starts at payment",
        "02-12T10",
        (A,),
        (("b", "02-12T10", "03-12T10"),),
        card={**GRACE, "renewal_anchor": "RENEWAL_ANCHOR_RESTART"},
    ),
    _after_a_month(
        "a run goes on through grace, to the end of the local day",
        "02-15T09",
        (("a", "01-10T10", "02-11"), ("b", "02-11", "03-11")),
        card={**GRACE, "end_rounding": "END_ROUNDING_END_OF_LOCAL_DAY"},
    ),
    Scenario(
        "grace continues a lane only if the pair policy is RENEW",
        catalog(GRACE, PLUS, relations={"month > plus": "CHANGE_AT_END"}),
        (buy("a", "month", "01-10T10"), buy("p", "plus", "02-12T10")),
        ((A,), (("p", "02-12T10", "03-12T10"),)),
    ),
)

RELATIONS = (
    Scenario(
        "another card type stacks",
        catalog(MONTH, sku("ticket", 1, "MONTH", spu="ticket")),
        (buy("a", "month", "01-10T10"), buy("t", "ticket", "01-20T10")),
        ((A,), (("t", "01-20T10", "02-20T10"),)),
    ),
    Scenario(
        "STACK opens a lane of the same card type",
        catalog(MONTH, default="STACK"),
        (buy("a", "month", "01-10T10"), buy("b", "month", "01-20T10")),
        ((A,), (("b", "01-20T10", "02-20T10"),)),
    ),
    Scenario(
        "REJECT wins over RENEW",
        catalog(
            MONTH,
            DAYS,
            PLUS,
            relations={"month > days": "STACK", "month > plus": "REJECT", "days > plus": "RENEW"},
        ),
        (
            buy("a", "month", "01-10T10"),
            buy("d", "days", "01-10T10"),
            buy("p", "plus", "01-11T10", "RELATION_REJECTS"),
        ),
        ((A,), (("d", "01-10T10", "01-17T10"),)),
    ),
    Scenario(
        "RENEW picks the lane that holds a term with that policy, although another is later",
        catalog(MONTH, YEAR, relations={"year > month": "STACK", "month > month": "RENEW"}),
        (buy("y", "year", "01-10T10"), buy("a", "month", "01-10T10"), buy("b", "month", "01-11T10")),
        ((("y", "01-10T10", "2027-01-10T10"),), (A, B)),
    ),
    Scenario(
        "of two lanes RENEW picks the later tail",
        catalog(
            MONTH,
            DAYS,
            PLUS,
            relations={"days > month": "STACK", "days > plus": "RENEW", "month > plus": "RENEW"},
        ),
        (buy("d", "days", "01-10T10"), buy("a", "month", "01-10T10"), buy("p", "plus", "01-11T10")),
        ((("d", "01-10T10", "01-17T10"),), (A, ("p", "02-10T10", "03-10T10"))),
    ),
    Scenario(
        "of two equal tails RENEW picks the older lane",
        catalog(MONTH, PLUS, relations={"month > month": "STACK", "month > plus": "RENEW"}),
        (buy("a", "month", "01-10T10"), buy("b", "month", "01-10T10"), buy("p", "plus", "01-11T10")),
        ((A, ("p", "02-10T10", "03-10T10")), (("b", "01-10T10", "02-10T10"),)),
    ),
    Scenario(
        "a renewal while a change at end is pending",
        catalog(
            MONTH,
            YEAR,
            relations={"year > month": "CHANGE_AT_END", "year > year": "RENEW", "month > year": "RENEW"},
        ),
        (buy("y", "year", "01-10T10"), grant("a", "month", "01-11T10"), buy("z", "year", "01-12T10")),
        (
            (
                ("y", "01-10T10", "2027-01-10T10"),
                ("a", "2027-01-10T10", "2027-02-10T10"),
                ("z", "2027-02-10T10", "2028-02-10T10"),
            ),
        ),
    ),
    Scenario(
        "a purchase goes by the relation table in force at its moment",
        catalog(MONTH),
        (
            buy("a", "month", "01-10T10"),
            Step({"op": "catalog", "catalog": catalog(MONTH, default="STACK")}),
            buy("b", "month", "01-20T10"),
        ),
        ((A,), (("b", "01-20T10", "02-20T10"),)),
    ),
    Scenario(
        "a SKU retired while queued keeps its time and is not sold",
        catalog(MONTH, DAYS),
        (
            buy("a", "month", "01-10T10"),
            buy("b", "month", "01-10T10"),
            Step({"op": "catalog", "catalog": catalog(DAYS)}),
            buy("c", "month", "01-20T10", "SKU_NOT_ON_SALE"),
            grant("d", "days", "01-20T10"),
        ),
        ((A, B, ("d", "03-10T10", "03-17T10")),),
    ),
    Scenario(
        "a clock moved back: the later purchase still follows",
        catalog(MONTH),
        (buy("a", "month", "01-10T10"), buy("b", "month", "01-05T10")),
        ((A, B),),
    ),
)

UPGRADES = (
    _upgrade("DISCARD", "DISCARD", ("y", "02-15", "2027-02-15"), told={"discarded": 4500, "payable": 36500}),
    _upgrade(
        "CREDIT_MONEY: half of the quarter's price is taken off",
        "CREDIT_MONEY",
        ("y", "02-15", "2027-02-15"),
        told={"credit": 4500, "payable": 32000, "discarded": 0},
    ),
    _upgrade(
        "CONVERT_DAYS: 45 days at the same price a day",
        "CONVERT_DAYS",
        ("y", "02-15", "2027-04-01"),
        told={"days": 45, "discarded": 0, "payable": 36500},
    ),
    _upgrade(
        "CONVERT_DAYS: what buys no whole day is recorded",
        "CONVERT_DAYS",
        ("y", "02-15", "2027-04-01"),
        # 4,550 at 100 a day.
        told={"days": 45, "discarded": 50},
        quarter={**QUARTER, "price": {"currency": "CNY", "amount_minor": 9100}},
    ),
    _upgrade(
        "TAIL: what was left is appended",
        "TAIL",
        ("y", "02-15", "2027-04-01"),
        told={"discarded": 0, "credit": 0},
        quarter=DEAR_QUARTER,
    ),
    _upgrade(
        "FREEZE: what was left resumes when the year ends",
        "FREEZE",
        ("y", "02-15", "2027-02-15"),
        ("q", "2027-02-15", "2027-04-01"),
        told={"discarded": 0},
    ),
    _upgrade(
        "a credit above the price is cut to it",
        "CREDIT_MONEY",
        ("y", "02-15", "2027-02-15"),
        told={"credit": 1000, "discarded": 3500, "payable": 0},
        year=sku("year", 1, "YEAR", price=1000),
    ),
    _upgrade(
        "a free card converts nothing",
        "CONVERT_DAYS",
        ("y", "02-15", "2027-02-15"),
        told={"days": 0, "discarded": 4500},
        year=sku("year", 1, "YEAR"),
    ),
    Scenario(
        "R5: TAIL of an end-of-day card keeps whole days, not the day of the upgrade",
        catalog(
            {**DEAR_QUARTER, "end_rounding": "END_ROUNDING_END_OF_LOCAL_DAY"},
            {**YEAR, "end_rounding": "END_ROUNDING_END_OF_LOCAL_DAY"},
            relations={"quarter > year": "UPGRADE_NOW TAIL"},
        ),
        # Until 10 April, so 59 whole days after 10 February; a year without them ends on 10 February 2027.
        (buy("q", "quarter", "01-10T12"), buy("y", "year", "02-10T12")),
        ((("q", "01-10T12", "02-10T12"), ("y", "02-10T12", "2027-04-11")),),
    ),
    Scenario(
        "R8: CONVERT_DAYS between end-of-day cards",
        catalog(
            sku("quarter", 3, "MONTH", price=9050, day_end=True),
            sku("year", 1, "YEAR", price=36600, day_end=True),
            relations={"quarter > year": "UPGRADE_NOW CONVERT_DAYS"},
        ),
        # 59.5 of 90.5 days are left, 5,950; the year has 366 local days to its end, 100 each.
        (buy("q", "quarter", "01-10T12"), buy("y", "year", "02-10T12", told={"days": 59, "discarded": 50})),
        ((("q", "01-10T12", "02-10T12"), ("y", "02-10T12", "2027-04-11")),),
    ),
    Scenario(
        "an upgraded card that is upgraded again is worth what was paid and what went into it",
        catalog(
            QUARTER,
            YEAR,
            sku("best", 1, "YEAR", price=100000),
            relations={
                "quarter > year": "UPGRADE_NOW CREDIT_MONEY",
                "year > best": "UPGRADE_NOW CREDIT_MONEY",
            },
        ),
        (
            buy("q", "quarter", "01-01"),
            buy("y", "year", "02-15", told={"credit": 4500}),
            # 73 of 365 days later: four fifths of 36,500 are left.
            buy("z", "best", "04-29", told={"credit": 29200, "payable": 70800}),
        ),
        ((("q", "01-01", "02-15"), ("y", "02-15", "04-29"), ("z", "04-29", "2027-04-29")),),
    ),
    Scenario(
        "an upgrade takes queued terms of that policy with it; others follow behind",
        catalog(
            QUARTER,
            YEAR,
            DAYS,
            relations={
                "quarter > year": "UPGRADE_NOW DISCARD",
                "quarter > days": "CHANGE_AT_END",
                "days > year": "CHANGE_AT_END",
            },
        ),
        (
            buy("q", "quarter", "01-01"),
            buy("r", "quarter", "01-01"),
            grant("d", "days", "01-01"),
            buy("y", "year", "02-15", told={"discarded": 4500 + 9000, "supersedes": ["q", "r"]}),
        ),
        ((("q", "01-01", "02-15"), ("y", "02-15", "2027-02-15"), ("d", "2027-02-15", "2027-02-22")),),
    ),
    Scenario(
        "R4: an upgrade of a card that is only queued comes behind the running one",
        catalog(
            QUARTER,
            YEAR,
            DAYS,
            relations={
                "quarter > year": "UPGRADE_NOW DISCARD",
                "days > quarter": "CHANGE_AT_END",
                "days > year": "CHANGE_AT_END",
            },
        ),
        (
            buy("d", "days", "01-01"),
            buy("q", "quarter", "01-01"),
            buy("y", "year", "01-03", told={"supersedes": ["q"]}),
        ),
        ((("d", "01-01", "01-08"), ("y", "01-08", "2027-01-08")),),
    ),
    Scenario(
        "other lanes stay as they are",
        catalog(
            QUARTER,
            YEAR,
            DAYS,
            relations={
                "days > quarter": "STACK",
                "quarter > year": "UPGRADE_NOW DISCARD",
                "days > year": "STACK",
            },
        ),
        (buy("d", "days", "01-01"), buy("q", "quarter", "01-01"), buy("y", "year", "01-03")),
        ((("d", "01-01", "01-08"),), (("q", "01-01", "01-03"), ("y", "01-03", "2027-01-03"))),
    ),
    Scenario(
        "R7: a renewal comes before a frozen rest",
        catalog(QUARTER, YEAR, PLUS, relations={"quarter > year": "UPGRADE_NOW FREEZE"}),
        (buy("q", "quarter", "01-01"), buy("y", "year", "02-15"), grant("p", "plus", "03-01")),
        (
            (
                ("q", "01-01", "02-15"),
                ("y", "02-15", "2027-02-15"),
                ("p", "2027-02-15", "2027-03-15"),
                ("q", "2027-03-15", "2027-04-29"),
            ),
        ),
    ),
    Scenario(
        "what an upgrade took of a card's value is not taken again by one that is dated before it",
        catalog(
            sku("card", 36, "HOUR", price=100, horizon=period(72, "HOUR")),
            relations={"card > card": "UPGRADE_NOW CONVERT_DAYS"},
        ),
        (
            buy("a", "card", "02-10"),
            # Half of a, 50, buys no day of b at 66.67; b itself, 100, buys one of c.
            buy("b", "card", "02-10T18"),
            buy("c", "card", "02-10T18", told={"days": 1, "discarded": 33}),
            # 50 of a, that is what was had of it, and 167 of c buy three.
            grant("d", "card", "02-10T18", t="02-07T18"),
        ),
        ((("d", "02-07T18", "02-12T06"),),),
    ),
    Scenario(
        "a card of which more was taken than there was is worth nothing, not less",
        catalog(
            sku("card", 36, "HOUR", price=100, horizon=period(144, "HOUR")),
            relations={"card > card": "UPGRADE_NOW CONVERT_DAYS"},
        ),
        (
            buy("a", "card", "02-10"),
            refund("a", "02-10T09", told={"refunds": [("a", 75)]}),
            # Told late: from 6 to 9 o'clock a third of the 25 was left, and buys no day.
            grant("b", "card", "02-10T09", t="02-10T06"),
            # 17 of a and nothing of b, which was free.
            grant("c", "card", "02-10T09", t="02-09"),
        ),
        ((("c", "02-09", "02-10T12"),),),
    ),
    Scenario(
        "a rest that thawed from one upgrade is frozen by another one, until it begins again",
        catalog(DAYS, default="STACK", relations={"days > days": "UPGRADE_NOW FREEZE"}),
        (
            buy("a", "days", "01-10"),
            buy("b", "days", "01-10"),
            # The rest of a began on the 17th; the card given for the 3rd freezes it anew, and b.
            grant("p", "days", "01-17", start="01-03"),
            buy("c", "days", "01-17"),
        ),
        (
            (
                ("p", "01-03", "01-10"),
                ("a", "01-10", "01-17"),
                ("c", "01-17", "01-24"),
                ("b", "01-24", "01-31"),
            ),
        ),
    ),
    Scenario(
        "a frozen rest that has begun is frozen no longer: a renewal comes behind it",
        catalog(QUARTER, YEAR, PLUS, relations={"quarter > year": "UPGRADE_NOW FREEZE"}),
        (buy("q", "quarter", "01-01"), buy("y", "year", "02-15"), buy("p", "plus", "2027-03-01")),
        (
            (
                ("q", "01-01", "02-15"),
                ("y", "02-15", "2027-02-15"),
                ("q", "2027-02-15", "2027-04-01"),
                ("p", "2027-04-01", "2027-05-01"),
            ),
        ),
    ),
)


def _pinned(name: str, *steps: Step, lanes: tuple[tuple[tuple[str, str, str], ...], ...]) -> Scenario:
    return Scenario(name, catalog(MONTH), steps, lanes)


def _month(term: str, t: str, reason: str = "", **more: Any) -> Step:
    return buy(term, "month", t, reason, **more)


P = ("p", "03-01T10", "04-01T10")

GAP: tuple[tuple[str, str, str], ...] = (("a", "01-10T10", "01-15T10"), ("p", "01-20T10", "01-27T10"))


def _in_a_gap(name: str, *steps: Step, after: tuple[str, str, str] = B) -> Scenario:
    """Two months, the first refunded on 15 January, the second staying; a week pinned between."""
    before = (
        buy("a", "month", "01-10T10"),
        buy("b", "month", "01-10T10"),
        refund("a", "01-15T10"),
        grant("p", "days", "01-16T10", start="01-20T10"),
    )
    return Scenario(name, catalog(MONTH, DAYS, hold=True), before + steps, ((*GAP, after),))


PINNED = (
    _pinned(
        "a pinned start after everything held opens a lane",
        _month("a", "01-10T10"),
        grant("p", "month", "01-11T10", start="03-01T10"),
        lanes=((A,), (P,)),
    ),
    _pinned(
        "a renewal goes behind a pinned term",
        _month("a", "01-10T10"),
        grant("p", "month", "01-11T10", start="03-01T10"),
        grant("b", "month", "01-15T10"),
        lanes=((A,), (P, ("b", "04-01T10", "05-01T10"))),
    ),
    _pinned(
        "a start inside a segment is refused",
        _month("a", "01-10T10"),
        grant("p", "month", "01-11T10", "PINNED_START_TAKEN", start="02-01T10"),
        lanes=((A,),),
    ),
    _in_a_gap("a pinned start in a gap"),
    _in_a_gap(
        "a pinned start that would reach into another pinned term is refused",
        grant("o", "days", "01-16T10", "PINNED_START_TAKEN", start="01-18T10"),
    ),
    _in_a_gap(
        "a pinned start inside a pinned term is refused",
        grant("o", "days", "01-16T10", "PINNED_START_TAKEN", start="01-26T10"),
    ),
    Scenario(
        "a term that no longer fits before a pinned one moves behind it",
        catalog(MONTH, DAYS, hold=True),
        (
            buy("a", "month", "01-10T10"),
            buy("b", "month", "01-10T10"),
            refund("a", "01-15T10"),
            grant("o", "days", "01-16T10", start="02-05T10"),
        ),
        (
            (
                ("a", "01-10T10", "01-15T10"),
                ("o", "02-05T10", "02-12T10"),
                ("b", "02-12T10", "03-12T10"),
            ),
        ),
    ),
    Scenario(
        "HOLD keeps the place of a term that was refunded whole: behind a pinned one, as if it were there",
        catalog(MONTH, DAYS, hold=True),
        (
            *(buy(term, "month", "01-10T10") for term in "abc"),
            refund("a", "01-15T10"),
            refund("b", "01-15T10"),
            grant("p", "days", "01-16T10", start="02-05T10"),
        ),
        (
            (
                ("a", "01-10T10", "01-15T10"),
                ("p", "02-05T10", "02-12T10"),
                # 12 February to 12 March stays free for b.
                ("c", "03-12T10", "04-12T10"),
            ),
        ),
    ),
    _pinned(
        "a pinned start in the past moves later terms right, as far as needed",
        _month("a", "02-10T10"),
        grant("p", "month", "02-15T10", start="01-20T10"),
        lanes=((("p", "01-20T10", "02-20T10"), ("a", "02-20T10", "03-20T10")),),
    ),
    _pinned(
        "a grant may be taken to have been given in the past",
        grant("a", "month", "01-20T10", t="01-05T10"),
        lanes=((("a", "01-05T10", "02-05T10"),),),
    ),
)

LIMITS = (
    Scenario(
        "the horizon is three times the duration; operators are exempt",
        catalog(MONTH),
        (
            *(_month(term, "01-10T10") for term in "abc"),
            _month("d", "01-10T10", "HORIZON_EXCEEDED"),
            grant("e", "month", "01-10T10"),
        ),
        ((A, B, ("c", "03-10T10", "04-10T10"), ("e", "04-10T10", "05-10T10")),),
    ),
    Scenario(
        "the horizon counts the last day, not the midnight after it",
        catalog({**MONTH, "end_rounding": "END_ROUNDING_END_OF_LOCAL_DAY", "horizon": period(2, "MONTH")}),
        (_month("a", "01-10T10"), _month("b", "01-10T10"), _month("c", "01-10T10", "HORIZON_EXCEEDED")),
        ((("a", "01-10T10", "02-11"), ("b", "02-11", "03-11")),),
    ),
    Scenario(
        "sources and channels",
        catalog(
            {**MONTH, "sources": ["campus"], "acquisition_channels": ["ACQUISITION_CHANNEL_MINI_PROGRAM"]}
        ),
        (
            _month("a", "01-10T10", "SOURCE_NOT_ALLOWED", source="campus", channel="APP_PURCHASE"),
            _month("b", "01-10T10", "SOURCE_NOT_ALLOWED", source="shop", channel="MINI_PROGRAM"),
            _month("c", "01-10T10", source="campus", channel="MINI_PROGRAM"),
        ),
        ((("c", "01-10T10", "02-10T10"),),),
    ),
    Scenario(
        "sold from and until",
        catalog(
            {**MONTH, "sale_start_time": "2026-01-10T00:00:00Z", "sale_end_time": "2026-01-11T00:00:00Z"}
        ),
        # Shanghai is eight hours ahead of UTC.
        (
            _month("a", "01-10T07:59:59", "SKU_NOT_ON_SALE"),
            _month("b", "01-10T08:00"),
            _month("c", "01-11T08:00", "SKU_NOT_ON_SALE"),
            buy("d", "nothing", "01-10T08:00", "SKU_NOT_FOUND"),
        ),
        ((("b", "01-10T08:00", "02-10T08:00"),),),
    ),
    Scenario(
        "ID-15: a trial is had once a member and once a fingerprint",
        catalog(sku("trial", 3, "DAY", trial_family="taste"), MONTH),
        (
            buy("a", "trial", "01-10T10", fingerprints=("phone-hash",)),
            buy("b", "trial", "03-10T10", "TRIAL_USED"),
            buy(
                "c",
                "trial",
                "03-10T10",
                "TRIAL_USED",
                member="bob",
                fingerprints=("other-hash", "phone-hash"),
            ),
            buy("d", "trial", "03-10T10", member="bob", fingerprints=("other-hash",)),
        ),
        ((("a", "01-10T10", "01-13T10"),),),
    ),
)

SCENARIOS = GRACE_AND_END + RELATIONS + UPGRADES + PINNED + LIMITS
