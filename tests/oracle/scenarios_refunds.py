"""Worked examples: refunds, reversals, undone upgrades, pauses, extensions, payments told twice."""

from tests.oracle.scenario import (
    Json,
    Placed,
    Scenario,
    Step,
    buy,
    catalog,
    change,
    grant,
    refund,
    reinstate,
    sku,
)

MONTH = sku("month", 1, "MONTH", price=3100)
YEAR = sku("year", 1, "YEAR", price=36500)
QUARTER = sku("quarter", 3, "MONTH", price=9000)
# TAIL takes no day that is cheaper than the new card's.
DEAR_QUARTER = sku("quarter", 3, "MONTH", price=9200)
THIRTY = sku("thirty", 30, "DAY", price=3000)
WEEK = sku("week", 7, "DAY", price=700, day_end=True)

A: Placed = ("a", "01-10T10", "02-10T10")
B: Placed = ("b", "02-10T10", "03-10T10")
C: Placed = ("c", "03-10T10", "04-10T10")
CUT: Placed = ("a", "01-10T10", "01-20T10")


def _of_three(name: str, *steps: Step, lane: tuple[Placed, ...], hold: bool = False) -> Scenario:
    """Three months bought at once on 10 January 10:00."""
    bought = tuple(buy(term, "month", "01-10T10") for term in "abc")
    return Scenario(name, catalog(MONTH, hold=hold), bought + steps, (lane,))


OF_THREE = (
    _of_three(
        "refund of the first of three: the others close up",
        refund("a", "01-20T10"),
        lane=(CUT, ("b", "01-20T10", "02-20T10"), ("c", "02-20T10", "03-20T10")),
    ),
    _of_three(
        "refund of the middle one",
        refund("b", "01-20T10", told={"refunds": [("b", 3100)], "held": False}),
        lane=(A, ("c", "02-10T10", "03-10T10")),
    ),
    _of_three("refund of the last one", refund("c", "01-20T10"), lane=(A, B)),
    _of_three("HOLD: refund of the first of three", refund("a", "01-20T10"), lane=(CUT, B, C), hold=True),
    _of_three("HOLD: refund of the middle one", refund("b", "01-20T10"), lane=(A, C), hold=True),
    _of_three(
        "refund of a past term moves nothing and pays nothing",
        refund("a", "02-15T10", told={"refunds": [("a", 0)]}),
        lane=(A, B, C),
    ),
    _of_three(
        "a refund in the future leaves the term until then",
        refund("a", "02-01T10", now="01-20T10"),
        lane=(("a", "01-10T10", "02-01T10"), ("b", "02-01T10", "03-01T10"), ("c", "03-01T10", "04-01T10")),
    ),
    _of_three(
        "ID-5: refund and reversal is never refunded",
        refund("b", "01-20T10"),
        reinstate("b", "01-21T10"),
        reinstate("b", "01-22T10"),
        lane=(A, B, C),
    ),
    _of_three(
        "a reversal that would move a term that has begun is refused",
        refund("a", "01-20T10"),
        reinstate("a", "01-25T10", "REINSTATEMENT_BLOCKED"),
        lane=(CUT, ("b", "01-20T10", "02-20T10"), ("c", "02-20T10", "03-20T10")),
    ),
    _of_three(
        "ID-5: two refunds of one instant, this way",
        refund("a", "01-20T10"),
        refund("c", "01-20T10"),
        lane=(CUT, ("b", "01-20T10", "02-20T10")),
    ),
    _of_three(
        "ID-5: and the other way round",
        refund("c", "01-20T10"),
        refund("a", "01-20T10"),
        lane=(CUT, ("b", "01-20T10", "02-20T10")),
    ),
    _of_three(
        "the same refund twice is one; its id for something else is refused",
        refund("b", "01-20T10"),
        refund("b", "01-20T10"),
        refund("a", "01-20T10", "REFUND_ID_REUSED", refund="r-b"),
        lane=(A, ("c", "02-10T10", "03-10T10")),
    ),
    _of_three(
        "SHORTEN is a share of the time wherever it lies",
        # Queued: 14 of 28 days. Then it moves to a month of 31 days and keeps 15 and a half.
        refund("b", "01-20T10", share="1/2"),
        refund("c", "01-20T10"),
        refund("a", "01-20T10"),
        lane=(CUT, ("b", "01-20T10", "02-04T22")),
    ),
    _of_three(
        "there is no such term and no such refund",
        refund("x", "01-20T10", "TERM_NOT_FOUND"),
        reinstate("x", "01-20T10", "REFUND_NOT_FOUND"),
        lane=(A, B, C),
    ),
    Scenario(
        "HOLD keeps the days that the run gave",
        catalog(MONTH, hold=True),
        (buy("a", "month", "01-31T10"), buy("b", "month", "01-31T10"), refund("a", "02-10T10")),
        ((("a", "01-31T10", "02-10T10"), ("b", "02-28T10", "03-31T10")),),
    ),
    Scenario(
        "later terms never start before they were bought",
        catalog(MONTH),
        (
            buy("a", "month", "01-10T10"),
            buy("b", "month", "02-05T10"),
            refund("a", "01-20T10", now="02-06T10"),
        ),
        ((CUT, ("b", "02-05T10", "03-05T10")),),
    ),
    Scenario(
        "later terms never start before the refund that let them move",
        catalog(MONTH),
        (
            buy("a", "month", "01-10T10"),
            grant("p", "month", "01-11T10", start="03-01T10"),
            grant("b", "month", "01-12T10"),
            refund("p", "02-20T10"),
        ),
        ((A,), (("b", "02-20T10", "03-20T10"),)),
    ),
    Scenario(
        "a clock moved back: a refund before the start removes the term",
        catalog(MONTH),
        (buy("a", "month", "01-10T10"), buy("b", "month", "01-10T10"), refund("a", "01-05T10")),
        ((("b", "01-10T10", "02-10T10"),),),
    ),
)


def _of_thirty(name: str, *steps: Step, end: str) -> Scenario:
    """Thirty days for 3,000 from New Year's Day."""
    return Scenario(name, catalog(THIRTY), (buy("a", "thirty", "01-01"), *steps), ((("a", "01-01", end),),))


PARTIAL = (
    _of_thirty(
        "in full: 20 of 30 days are paid back",
        refund("a", "01-11", told={"refunds": [("a", 2000)]}),
        end="01-11",
    ),
    _of_thirty(
        "SHORTEN by half of what remains",
        refund("a", "01-11", share="1/2", told={"refunds": [("a", 1000)]}),
        end="01-21",
    ),
    _of_thirty(
        "KEEP gives only money back",
        refund("a", "01-11", share="1/2", mode="KEEP", told={"refunds": [("a", 1000)]}),
        end="01-31",
    ),
    _of_thirty(
        "two halves of one instant leave a quarter",
        refund("a", "01-11", share="1/2", refund="one"),
        refund("a", "01-11", share="1/2", refund="two", told={"refunds": [("a", 500)]}),
        end="01-16",
    ),
    _of_thirty(
        "a later half is of what the earlier one left",
        refund("a", "01-11", share="1/2", refund="one"),
        refund("a", "01-15", share="1/2", refund="two"),
        end="01-18",
    ),
    _of_thirty(
        "rounded down to the microsecond",
        # A millionth of 20 days is 1,728 milliseconds.
        refund("a", "01-11", share="999999/1000000"),
        end="01-11T00:00:01.728",
    ),
    Scenario(
        "SHORTEN of an end-of-day card is rounded down to midnight",
        catalog(WEEK),
        (buy("w", "week", "05-01T12"), refund("w", "05-04T12", share="1/2")),
        ((("w", "05-01T12", "05-06"),),),
    ),
)


def _undone(rule: str, refunded: int) -> Scenario:
    """Half a quarter is left at the upgrade of 15 February; the year is refunded on 1 March."""
    return Scenario(
        f"{rule}: an upgrade refunded gives the rest of the quarter back",
        catalog(
            DEAR_QUARTER if rule == "TAIL" else QUARTER,
            YEAR,
            relations={"quarter > year": f"UPGRADE_NOW {rule}"},
        ),
        (
            buy("q", "quarter", "01-01"),
            buy("r", "quarter", "01-01"),
            buy("y", "year", "02-15"),
            refund("y", "03-01", told={"refunds": [("y", refunded)]}),
        ),
        (
            (
                ("q", "01-01", "02-15"),
                ("y", "02-15", "03-01"),
                ("q", "03-01", "04-15"),
                ("r", "04-15", "07-15"),
            ),
        ),
    )


UNDONE = (
    # 351 of 365 days are left of 36,500.
    _undone("DISCARD", 35100),
    # 23,000 were paid, 13,500 credited: 23,000 x 351 / 365 = 22,117.8.
    _undone("CREDIT_MONEY", 22118),
    # 45 + 90 days longer: 486 of 500 days are left.
    _undone("CONVERT_DAYS", 35478),
    _undone("FREEZE", 35100),
    # 45 + 91 days longer: 487 of 501 days are left, 36,500 x 487 / 501 = 35,480.04.
    _undone("TAIL", 35480),
    Scenario(
        "R6: what was had of a paused and refunded upgrade stays, the rest of the quarter comes behind it",
        catalog(QUARTER, YEAR, relations={"quarter > year": "UPGRADE_NOW DISCARD"}),
        (
            buy("q", "quarter", "01-01"),
            buy("y", "year", "02-15"),
            change("pause", "y", "02-20"),
            change("resume", "y", "02-25"),
            refund("y", "03-10"),
        ),
        (
            (
                ("q", "01-01", "02-15"),
                ("y", "02-15", "02-20"),
                ("y", "02-25", "03-10"),
                ("q", "03-10", "04-24"),
            ),
        ),
    ),
    Scenario(
        "R6: a frozen upgrade refunded when it runs again gives back nothing that was had before it",
        catalog(
            QUARTER,
            YEAR,
            THIRTY,
            relations={"quarter > year": "UPGRADE_NOW FREEZE", "year > thirty": "UPGRADE_NOW FREEZE"},
        ),
        (
            buy("q", "quarter", "01-01"),
            buy("y", "year", "02-15"),
            buy("t", "thirty", "03-01"),
            refund("y", "06-01", now="03-05"),
        ),
        (
            (
                ("q", "01-01", "02-15"),
                ("y", "02-15", "03-01"),
                ("t", "03-01", "03-31"),
                ("q", "03-31", "05-15"),
                ("y", "05-15", "06-01"),
            ),
        ),
    ),
    Scenario(
        "a start inside what was had of a paused and refunded upgrade is taken",
        catalog(
            QUARTER,
            YEAR,
            MONTH,
            relations={"quarter > year": "UPGRADE_NOW DISCARD"},
            hold=True,
        ),
        (
            buy("q", "quarter", "01-01"),
            buy("y", "year", "01-01"),
            change("pause", "y", "01-01"),
            change("resume", "y", "01-01"),
            change("pause", "y", "01-05"),
            change("resume", "y", "01-05"),
            refund("y", "03-01"),
            grant("m", "month", "03-01", "PINNED_START_TAKEN", start="01-05"),
            # It replaces the quarter that came back, at its very start.
            buy("z", "year", "03-01", told={"supersedes": ["q"]}),
        ),
        ((("y", "01-01", "01-05"), ("y", "01-05", "03-01"), ("z", "03-01", "2027-03-01")),),
    ),
    Scenario(
        "HOLD keeps away neither the card that was cut nor those queued behind it",
        catalog(QUARTER, YEAR, relations={"quarter > year": "UPGRADE_NOW DISCARD"}, hold=True),
        (
            buy("q", "quarter", "01-01"),
            buy("r", "quarter", "01-01"),
            buy("y", "year", "02-15"),
            refund("y", "03-01"),
        ),
        (
            (
                ("q", "01-01", "02-15"),
                ("y", "02-15", "03-01"),
                ("q", "03-01", "04-15"),
                ("r", "04-15", "07-15"),
            ),
        ),
    ),
    Scenario(
        "HOLD: an upgrade refunded from before its rest began gives back from that instant",
        catalog(QUARTER, YEAR, relations={"quarter > year": "UPGRADE_NOW DISCARD"}, hold=True),
        (
            buy("q", "quarter", "01-01"),
            buy("y", "year", "02-15"),
            change("pause", "y", "02-15"),
            change("resume", "y", "02-20"),
            refund("y", "02-15", now="02-20"),
        ),
        ((("q", "01-01", "02-15"), ("q", "02-15", "04-01")),),
    ),
    Scenario(
        "an upgrade refunded at its very start gives everything back",
        catalog(QUARTER, YEAR, relations={"quarter > year": "UPGRADE_NOW DISCARD"}),
        (buy("q", "quarter", "01-01"), buy("y", "year", "02-15"), refund("y", "02-15")),
        ((("q", "01-01", "02-15"), ("q", "02-15", "04-01")),),
    ),
    Scenario(
        "an end-of-day card that comes back at once ends when it would have",
        catalog(
            {**QUARTER, "end_rounding": "END_ROUNDING_END_OF_LOCAL_DAY"},
            YEAR,
            relations={"quarter > year": "UPGRADE_NOW DISCARD"},
        ),
        (buy("q", "quarter", "01-10T12"), buy("y", "year", "02-10T12"), refund("y", "02-10T12")),
        ((("q", "01-10T12", "02-10T12"), ("q", "02-10T12", "04-11")),),
    ),
    Scenario(
        "the refund of an upgrade reversed",
        catalog(QUARTER, YEAR, relations={"quarter > year": "UPGRADE_NOW FREEZE"}),
        (
            buy("q", "quarter", "01-01"),
            buy("y", "year", "02-15"),
            refund("y", "03-01"),
            reinstate("y", "03-01"),
        ),
        ((("q", "01-01", "02-15"), ("y", "02-15", "2027-02-15"), ("q", "2027-02-15", "2027-04-01")),),
    ),
    Scenario(
        "an upgrade that had ended gives nothing back",
        catalog(THIRTY, QUARTER, relations={"quarter > thirty": "UPGRADE_NOW DISCARD"}),
        (buy("q", "quarter", "01-01"), buy("t", "thirty", "02-01"), refund("t", "03-15")),
        ((("q", "01-01", "02-01"), ("t", "02-01", "03-03")),),
    ),
    Scenario(
        "R6: of two upgrades the first gives nothing back while the second stands",
        catalog(
            THIRTY,
            QUARTER,
            YEAR,
            relations={"thirty > quarter": "UPGRADE_NOW DISCARD", "quarter > year": "UPGRADE_NOW DISCARD"},
        ),
        (
            buy("t", "thirty", "01-01"),
            buy("q", "quarter", "01-11"),
            buy("y", "year", "01-21"),
            refund("q", "01-25"),
        ),
        ((("t", "01-01", "01-11"), ("q", "01-11", "01-21"), ("y", "01-21", "2027-01-21")),),
    ),
    Scenario(
        "R6: when the second is refunded too, the first card comes back",
        catalog(
            THIRTY,
            QUARTER,
            YEAR,
            relations={"thirty > quarter": "UPGRADE_NOW DISCARD", "quarter > year": "UPGRADE_NOW DISCARD"},
        ),
        (
            buy("t", "thirty", "01-01"),
            buy("q", "quarter", "01-11"),
            buy("y", "year", "01-21"),
            refund("q", "01-25"),
            refund("y", "02-01"),
        ),
        # 20 of 30 days were left on 11 January.
        (
            (
                ("t", "01-01", "01-11"),
                ("q", "01-11", "01-21"),
                ("y", "01-21", "02-01"),
                ("t", "02-01", "02-21"),
            ),
        ),
    ),
)

PAYMENTS = (
    Scenario(
        "a refund heard of before its payment",
        catalog(MONTH),
        (
            Step(
                {
                    "op": "terminate",
                    "member": "ann",
                    "refund": "r",
                    "order": "o",
                    "at": "01-20T10",
                    "now": "01-20T10",
                },
                told={"waits_for_payment": True},
            ),
            buy("a", "month", "01-10T10", order="o", now="01-21T10"),
        ),
        ((CUT,),),
    ),
    Scenario(
        "a refund id that waits for one payment is not another's",
        catalog(MONTH),
        (
            refund("", "01-20T10", refund="r", order="o", told={"waits_for_payment": True}),
            refund("", "01-20T10", "REFUND_ID_REUSED", refund="r", order="p"),
            refund("", "01-20T10", refund="r", order="o", told={"waits_for_payment": True}),
            buy("b", "month", "02-10T10", order="p", now="02-10T10"),
            refund("b", "02-20T10", "REFUND_ID_REUSED", refund="r"),
        ),
        ((("b", "02-10T10", "03-10T10"),),),
    ),
    Scenario(
        "ID-3: a payment told twice is one",
        catalog(MONTH),
        (buy("a", "month", "01-10T10", order="o"), buy("a", "month", "01-10T10", order="o")),
        ((A,),),
    ),
    Scenario(
        "two payments of one order with different amounts",
        catalog(MONTH),
        (
            buy("a", "month", "01-10T10", "PAYMENT_AMOUNT_WRONG", paid=3000),
            buy("a", "month", "01-10T10", paid=3100),
            buy("a", "month", "01-10T10", "ORDER_PAID_ALREADY", paid=3000),
        ),
        ((A,),),
    ),
    Scenario(
        "one cause gives one term",
        catalog(MONTH),
        (
            grant("a", "month", "01-10T10"),
            grant("a", "month", "01-10T10"),
            grant("a", "month", "01-10T10", "CAUSE_USED", member="bob"),
        ),
        ((A,),),
    ),
)


def _paused(name: str, *steps: Step, lane: tuple[Placed, ...]) -> Scenario:
    """Two months, paused on 20 January with 21 days left."""
    bought = (buy("a", "month", "01-10T10"), buy("b", "month", "01-10T10"), change("pause", "a", "01-20T10"))
    return Scenario(name, catalog(MONTH), bought + steps, (lane,))


END_OF_DAY: Json = {**MONTH, "end_rounding": "END_ROUNDING_END_OF_LOCAL_DAY"}

CHANGES = (
    _paused("a paused term and what is behind it wait", lane=(CUT,)),
    _paused("nothing is sold to a paused lane", buy("c", "month", "01-21T10", "TERM_PAUSED"), lane=(CUT,)),
    _paused(
        "resumed: the rest from now, the others behind",
        change("resume", "a", "03-01T10"),
        lane=(CUT, ("a", "03-01T10", "03-22T10"), ("b", "03-22T10", "04-22T10")),
    ),
    _paused(
        "a paused term refunded: what waited goes on from there",
        refund("a", "02-01T10", told={"refunds": [("a", 2100)]}),
        lane=(CUT, ("b", "02-01T10", "03-01T10")),
    ),
    _paused(
        "only a running term is paused, only a paused one resumed",
        change("pause", "b", "01-21T10", "TERM_STATE_WRONG"),
        change("resume", "b", "01-21T10", "TERM_STATE_WRONG"),
        change("pause", "a", "01-21T10", "TERM_STATE_WRONG"),
        lane=(CUT,),
    ),
    Scenario(
        "what waited behind a paused card of which a refund leaves nothing starts when that is resumed",
        catalog(WEEK),
        (
            buy("v", "week", "05-01T12"),
            buy("w", "week", "05-01T12"),
            change("pause", "v", "05-03T12"),
            # A hundred-thousandth of the 5 days and 12 hours from 6 May 12:00 on is no whole day.
            refund("v", "05-04T12", share="99999/100000"),
            change("resume", "v", "05-06T12"),
            refund("v", "05-20T12", refund="r-again"),
        ),
        ((("v", "05-01T12", "05-03T12"), ("w", "05-06T12", "05-14")),),
    ),
    Scenario(
        "a paused card stays paused when the upgrade that was to replace it is refunded",
        catalog(QUARTER, YEAR, relations={"quarter > year": "UPGRADE_NOW DISCARD"}),
        (
            buy("q", "quarter", "01-01"),
            grant("y", "year", "01-05", start="02-15"),
            change("pause", "q", "01-10"),
            refund("y", "01-10"),
            change("resume", "q", "01-20"),
        ),
        ((("q", "01-01", "01-10"), ("q", "01-20", "02-15"), ("q", "02-15", "04-11")),),
    ),
    Scenario(
        "R2, R18: what was acquired before a paused card that was pinned into its past moves up and runs",
        catalog(THIRTY),
        (
            buy("a", "thirty", "01-10"),
            buy("b", "thirty", "01-10"),
            grant("p", "thirty", "01-10", start="01-01"),
            change("pause", "p", "01-11"),
            change("resume", "p", "01-21"),
        ),
        (
            (
                ("p", "01-01", "01-11"),
                ("a", "01-11", "02-10"),
                ("b", "02-10", "03-12"),
                ("p", "03-12", "04-01"),
            ),
        ),
    ),
    Scenario(
        "a refund that would leave nothing of a paused card now may leave something where it resumes",
        catalog(WEEK),
        # A hundred-thousandth of seven days and two seconds is 6 seconds: over midnight, on 4 May.
        (
            buy("w", "week", "05-01T12"),
            change("pause", "w", "05-01T12"),
            refund("w", "05-01T11", share="99999/100000", now="05-01T12"),
            buy("x", "week", "05-01T12", "TERM_PAUSED"),
            change("resume", "w", "05-04T23:59:58"),
        ),
        ((("w", "05-04T23:59:58", "05-05"),),),
    ),
    Scenario(
        "R5: a paused day card keeps the whole days after the current one",
        catalog(WEEK),
        # 5 to 8 May are left; resumed on the 10th at 9 it holds through the 14th.
        (buy("w", "week", "05-01T12"), change("pause", "w", "05-04T15"), change("resume", "w", "05-10T09")),
        ((("w", "05-01T12", "05-04T15"), ("w", "05-10T09", "05-15")),),
    ),
    Scenario(
        "an extension lies behind its parent, before what is queued",
        catalog(MONTH),
        (
            buy("a", "month", "01-10T10"),
            buy("b", "month", "01-10T10"),
            change("extend", "a", "01-20T10", new_term="x", count=7, unit="DAY"),
            change("extend", "a", "07-20T10", "TERM_STATE_WRONG", new_term="z", count=7, unit="DAY"),
        ),
        ((A, ("x", "02-10T10", "02-17T10"), ("b", "02-17T10", "03-17T10")),),
    ),
    Scenario(
        "an extension by the same unit goes on with the run",
        catalog(END_OF_DAY),
        (
            buy("a", "month", "01-31T10"),
            buy("b", "month", "01-31T10"),
            change("extend", "a", "02-01T10", new_term="x", count=1, unit="MONTH"),
        ),
        ((("a", "01-31T10", "03-01"), ("x", "03-01", "04-01"), ("b", "04-01", "05-01")),),
    ),
)

SCENARIOS = OF_THREE + PARTIAL + UNDONE + PAYMENTS + CHANGES
