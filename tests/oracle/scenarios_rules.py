"""Worked examples: prerequisites, conflicts, what refunds do to them, merges."""

from tests.oracle.scenario import (
    Json,
    Placed,
    Scenario,
    Step,
    buy,
    catalog,
    forbids,
    grant,
    needs,
    refund,
    reinstate,
    sku,
)

GOLD = sku("gold", 1, "MONTH", price=3100)
FREE = sku("free", 1, "MONTH")
YEAR = sku("year", 1, "YEAR", price=36500)
TICKET = sku("ticket", 1, "MONTH", price=3100, spu="ticket")
STUDENT = sku("student", 1, "MONTH", price=3100, spu="student")
WEEK = sku("week", 7, "DAY", spu="student")

A: Placed = ("a", "01-10T10", "02-10T10")
B: Placed = ("b", "02-10T10", "03-10T10")
T: Placed = ("t", "01-20T10", "02-20T10")


def _ticket(
    name: str, mode: str, *steps: Step, lanes: tuple[tuple[Placed, ...], ...], on_break: str = "BLOCK"
) -> Scenario:
    """A ticket card that needs a gold card."""
    return Scenario(
        name, catalog(GOLD, TICKET, rules=[needs("ticket", "gold", mode, on_break)]), steps, lanes
    )


def _gold(*terms: str) -> tuple[Step, ...]:
    return tuple(buy(term, "gold", "01-10T10") for term in terms)


def _buy_ticket(reason: str = "") -> Step:
    return buy("t", "ticket", "01-20T10", reason)


PREREQUISITES = (
    _ticket(
        "COVERS_INTERVAL: a prerequisite that expires in the middle of the bought interval",
        "COVERS_INTERVAL",
        *_gold("a"),
        _buy_ticket("PREREQUISITE_MISSING"),
        lanes=((A,),),
    ),
    _ticket(
        "COVERS_INTERVAL: renewed, it covers",
        "COVERS_INTERVAL",
        *_gold("a", "b"),
        _buy_ticket(),
        lanes=((A, B), (T,)),
    ),
    _ticket(
        "ACTIVE_AT_START looks at the start only",
        "ACTIVE_AT_START",
        *_gold("a"),
        _buy_ticket(),
        lanes=((A,), (T,)),
    ),
    _ticket(
        "ACTIVE_AT_START: the end does not belong to the interval",
        "ACTIVE_AT_START",
        *_gold("a"),
        buy("t", "ticket", "02-10T10", "PREREQUISITE_MISSING"),
        lanes=((A,),),
    ),
    _ticket("EVER_BOUGHT: never bought", "EVER_BOUGHT", _buy_ticket("PREREQUISITE_MISSING"), lanes=()),
    _ticket(
        "EVER_BOUGHT: ended long ago is enough",
        "EVER_BOUGHT",
        *_gold("a"),
        buy("t", "ticket", "06-20T10"),
        lanes=((A,), (("t", "06-20T10", "07-20T10"),)),
    ),
    _ticket(
        "EVER_BOUGHT: what was given counts too",
        "EVER_BOUGHT",
        grant("g", "gold", "01-11T10", start="03-01T10"),
        buy("t", "ticket", "03-02T10"),
        lanes=((("g", "03-01T10", "04-01T10"),), (("t", "03-02T10", "04-02T10"),)),
    ),
    _ticket(
        "EVER_BOUGHT: wholly refunded does not count",
        "EVER_BOUGHT",
        *_gold("a"),
        refund("a", "01-10T10"),
        _buy_ticket("PREREQUISITE_MISSING"),
        lanes=((),),
    ),
    Scenario(
        "EVER_BOUGHT: a free card that was refunded before any of it was had does not count",
        catalog(GOLD, FREE, TICKET, rules=[needs("ticket", "free", "EVER_BOUGHT")]),
        (
            *_gold("a"),
            buy("f", "free", "01-10T10"),
            refund("f", "01-11T10"),
            _buy_ticket("PREREQUISITE_MISSING"),
        ),
        ((A,),),
    ),
    Scenario(
        "EVER_BOUGHT: a free card that was had for a day counts",
        catalog(FREE, TICKET, rules=[needs("ticket", "free", "EVER_BOUGHT")]),
        (buy("f", "free", "01-10T10"), refund("f", "01-11T10"), _buy_ticket()),
        ((("f", "01-10T10", "01-11T10"),), (T,)),
    ),
    _ticket(
        "EVER_BOUGHT: refunded in part counts",
        "EVER_BOUGHT",
        *_gold("a"),
        refund("a", "01-11T10"),
        _buy_ticket(),
        lanes=((("a", "01-10T10", "01-11T10"),), (T,)),
    ),
)

REFUNDS_OF_PREREQUISITES = (
    _ticket(
        "BLOCK: the refund is refused",
        "COVERS_INTERVAL",
        *_gold("a", "b"),
        _buy_ticket(),
        refund("b", "01-25T10", "REFUND_BLOCKED"),
        lanes=((A, B), (T,)),
    ),
    Scenario(
        "BLOCK: a refund that waited is not made, and its payment stands",
        catalog(GOLD, TICKET, rules=[needs("ticket", "gold", "COVERS_INTERVAL", "KEEP")]),
        (
            *_gold("a", "b"),
            _buy_ticket(),
            refund("b", "01-25T10"),
            Step(
                {
                    "op": "catalog",
                    "catalog": catalog(
                        GOLD, TICKET, rules=[needs("ticket", "gold", "COVERS_INTERVAL", "BLOCK")]
                    ),
                }
            ),
            refund("", "01-26T10", refund="r", order="o", told={"waits_for_payment": True}),
            buy("c", "gold", "01-27T10", order="o", now="01-27T10"),
            refund("c", "01-28T10", "REFUND_BLOCKED"),
        ),
        ((A, ("c", "02-10T10", "03-10T10")), (T,)),
    ),
    _ticket(
        "KEEP: the dependent stays",
        "COVERS_INTERVAL",
        *_gold("a", "b"),
        _buy_ticket(),
        refund("b", "01-25T10"),
        lanes=((A,), (T,)),
        on_break="KEEP",
    ),
    _ticket(
        "CASCADE: the dependent ends where its prerequisite now ends",
        "COVERS_INTERVAL",
        *_gold("a", "b"),
        _buy_ticket(),
        # 10 of 31 days of the ticket card are left then.
        refund("b", "01-25T10", told={"refunds": [("b", 3100), ("t", 1000)]}),
        lanes=((A,), (("t", "01-20T10", "02-10T10"),)),
        on_break="CASCADE",
    ),
    _ticket(
        "CASCADE is undone with the refund",
        "COVERS_INTERVAL",
        *_gold("a", "b"),
        _buy_ticket(),
        refund("b", "01-25T10"),
        reinstate("b", "01-26T10"),
        lanes=((A, B), (T,)),
        on_break="CASCADE",
    ),
    _ticket(
        "CASCADE of what was ever bought: the dependent goes too",
        "EVER_BOUGHT",
        *_gold("a"),
        buy("t", "ticket", "01-10T10"),
        refund("a", "01-10T10"),
        lanes=((), ()),
        on_break="CASCADE",
    ),
    _ticket(
        "a refund in part leaves the prerequisite as bought",
        "EVER_BOUGHT",
        *_gold("a"),
        _buy_ticket(),
        refund("a", "01-25T10"),
        lanes=((("a", "01-10T10", "01-25T10"),), (T,)),
    ),
)


def _student(
    name: str, *steps: Step, lanes: tuple[tuple[Placed, ...], ...], rule: Json | None = None
) -> Scenario:
    """A student card and an annual card exclude each other."""
    rules = [rule or forbids("student", "year"), forbids("week", "year")]
    cards = catalog(GOLD, YEAR, STUDENT, WEEK, relations={"gold > year": "CHANGE_AT_END"}, rules=rules)
    return Scenario(name, cards, steps, lanes)


S: Placed = ("s", "01-20T10", "02-20T10")
QUEUED_YEAR: Placed = ("y", "02-10T10", "2027-02-10T10")

CONFLICTS = (
    _student(
        "OVERLAPS sees a queued term",
        buy("a", "gold", "01-10T10"),
        buy("y", "year", "01-10T10"),
        buy("s", "student", "01-20T10", "IDENTITY_CONFLICT"),
        lanes=((A, QUEUED_YEAR),),
    ),
    _student(
        "OVERLAPS: what ends before the queued term is sold",
        buy("a", "gold", "01-10T10"),
        buy("y", "year", "01-10T10"),
        buy("w", "week", "01-20T10"),
        lanes=((A, QUEUED_YEAR), (("w", "01-20T10", "01-27T10"),)),
    ),
    _student(
        "ID-8: the same conflict, bought the other way round",
        buy("s", "student", "01-20T10"),
        buy("y", "year", "01-25T10", "IDENTITY_CONFLICT"),
        lanes=((S,),),
    ),
    _student(
        "half-open: one begins when the other ends",
        buy("s", "student", "01-20T10"),
        buy("y", "year", "02-20T10"),
        lanes=((S,), (("y", "02-20T10", "2027-02-20T10"),)),
    ),
    _student(
        "EVER_BOUGHT forbids for ever, both ways",
        buy("s", "student", "01-20T10"),
        buy("y", "year", "06-20T10", "IDENTITY_CONFLICT"),
        lanes=((S,),),
        rule=forbids("student", "year", "EVER_BOUGHT"),
    ),
    _student(
        "EVER_BOUGHT: what was wholly refunded forbids nothing",
        buy("s", "student", "01-20T10"),
        refund("s", "01-20T10"),
        buy("y", "year", "06-20T10"),
        lanes=((), (("y", "06-20T10", "2027-06-20T10"),)),
        rule=forbids("student", "year", "EVER_BOUGHT"),
    ),
    _student(
        "closing up that would break a rule does not happen",
        buy("a", "gold", "01-10T10"),
        buy("y", "year", "01-10T10"),
        buy("w", "week", "01-25T10"),
        refund("a", "01-20T10", told={"held": True}),
        lanes=((("a", "01-10T10", "01-20T10"), QUEUED_YEAR), (("w", "01-25T10", "02-01T10"),)),
    ),
    _student(
        "a reversal that would break a rule is refused",
        buy("y", "year", "01-10T10"),
        refund("y", "01-20T10"),
        buy("s", "student", "01-20T10"),
        reinstate("y", "01-21T10", "REINSTATEMENT_BLOCKED"),
        lanes=((("y", "01-10T10", "01-20T10"),), (S,)),
    ),
)


def _merge(now: str, reason: str = "") -> Step:
    return Step({"op": "merge", "survivor": "ann", "merged": "bob", "now": now}, reason)


MERGES = (
    _student(
        "merged members with overlapping lanes keep both",
        buy("a", "gold", "01-10T10"),
        buy("c", "gold", "01-15T10", member="bob"),
        _merge("01-20T10"),
        buy("x", "gold", "01-21T10", "MEMBER_MERGED", member="bob"),
        # Behind the later tail.
        buy("b", "gold", "01-21T10"),
        lanes=((A,), (("c", "01-15T10", "02-15T10"), ("b", "02-15T10", "03-15T10"))),
    ),
    _student(
        "a merge that would break a conflict is refused",
        buy("s", "student", "01-20T10"),
        buy("y", "year", "01-10T10", member="bob"),
        _merge("01-25T10", "MERGE_BLOCKED"),
        lanes=((S,),),
    ),
    _student(
        "a conflict of the past does not stand in the way of a merge",
        buy("s", "student", "01-20T10"),
        buy("y", "year", "2025-02-01T10", member="bob"),
        _merge("02-25T10"),
        lanes=((S,), (("y", "2025-02-01T10", "02-01T10"),)),
    ),
)

SCENARIOS = PREREQUISITES + REFUNDS_OF_PREREQUISITES + CONFLICTS + MERGES
