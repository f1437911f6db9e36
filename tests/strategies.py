"""Hypothesis strategies for Identity: small catalogues, awkward instants, histories of operations.

Operations are drawn one at a time against an oracle that has seen the ones before, so that they name terms
that exist, fall on the ends of real segments, and are mostly accepted. The dictionaries are those of
`tests.oracle.oracle`; instants are microseconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.oracle.local_time import DAY, HOUR, SECOND, at, midnight_after, midnight_before
from tests.oracle.oracle import Oracle

ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Africa/Casablanca",
)
MEMBERS = ("ann", "bob")
POLICIES = ("RENEW", "UPGRADE_NOW", "RENEW", "UPGRADE_NOW", "UPGRADE_NOW", "CHANGE_AT_END", "STACK", "REJECT")
RESIDUES = ("DISCARD", "CREDIT_MONEY", "CONVERT_DAYS", "FREEZE", "TAIL")
DURATIONS = ((36, "HOUR"), (1, "DAY"), (7, "DAY"), (1, "MONTH"), (3, "MONTH"), (1, "YEAR"))
HOURS_OF = {"HOUR": 1, "DAY": 24, "MONTH": 730, "YEAR": 8766}
KINDS = (
    ("buy",) * 6
    + ("grant",) * 2
    + ("terminate",) * 3
    + ("reinstate", "reinstate", "pause", "resume", "extend")
)

Json = dict[str, Any]
Op = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """A catalogue, the operations tried on it in order, and which of them the oracle accepted."""

    catalog: Json
    ops: tuple[Op, ...]
    accepted: tuple[bool, ...]


# -- Catalogues


@st.composite
def catalogs(draw: DrawFn, zones: tuple[str, ...] = ZONES) -> Json:
    """1 to 3 SPUs with 2 to 5 SKUs, any policy between any two of one SPU, and up to 2 rules."""
    spus = [
        {
            "spu_id": f"spu{number}",
            "title": f"SPU {number}",
            "zone": draw(st.sampled_from(zones)),
            "display_weight": draw(st.integers(0, 5)) * 100,
            **draw(_relation("default_relation", "default_residue", ("RENEW", "CHANGE_AT_END", "STACK"))),
            "compaction": draw(
                st.sampled_from(["COMPACTION_COMPACT", "COMPACTION_COMPACT", "COMPACTION_HOLD"])
            ),
        }
        for number in range(draw(st.sampled_from([1, 1, 2, 3])))
    ]
    ids = [spu["spu_id"] for spu in spus]
    count = draw(st.integers(max(2, len(ids)), 5))
    owners = ids + [draw(st.sampled_from(ids)) for _ in range(count - len(ids))]
    skus = [draw(_skus(f"sku{number}", owner)) for number, owner in enumerate(owners)]
    pairs = [(held, bought) for held in skus for bought in skus if held["spu_id"] == bought["spu_id"]]
    relations = [
        draw(_pair(held, bought))
        for held, bought in pairs
        # A trial is never queued behind itself, whatever a table might say.
        if draw(st.integers(0, 3)) and not (held is bought and "trial_family" in held)
    ]
    sku_ids = [sku["sku_id"] for sku in skus]
    rules = draw(
        st.one_of(st.just([]), st.lists(_rules(sku_ids), max_size=2, unique_by=lambda rule: rule["rule_id"]))
    )
    return {"spus": spus, "skus": skus, "relations": relations, "rules": _without_cycles(rules)}


@st.composite
def _skus(draw: DrawFn, sku_id: str, spu_id: str) -> Json:
    count, unit = draw(st.sampled_from(DURATIONS))
    sku: Json = {
        "sku_id": sku_id,
        "spu_id": spu_id,
        "title": sku_id,
        "duration": _period(count, unit),
        "price": {"currency": "CNY", "amount_minor": draw(st.sampled_from([0, 100, 999, 9900, 29900]))},
        "rank": draw(st.integers(0, 3)),
        "end_rounding": f"END_ROUNDING_{draw(st.sampled_from(['EXACT', 'END_OF_LOCAL_DAY']))}",
        "renewal_anchor": f"RENEWAL_ANCHOR_{draw(st.sampled_from(['CONTINUOUS', 'CONTINUOUS', 'RESTART']))}",
        "grace_days": draw(st.sampled_from([0, 0, 1, 7])),
    }
    sku["horizon"] = _period(count * draw(st.sampled_from([2, 5, 20, 20])), unit)
    if draw(st.integers(0, 11)) == 11:
        sku["trial_family"] = "taste"
    if draw(st.integers(0, 7)) == 7:
        days = st.fixed_dictionaries({"month": st.integers(1, 12), "day": st.sampled_from([1, 15, 28])})
        sku["fixed_period"] = {"start": draw(days), "roll_over": draw(days)}
    return sku


def _period(count: int, unit: str) -> Json:
    return {"count": count, "unit": f"PERIOD_UNIT_{unit}"}


@st.composite
def _relation(draw: DrawFn, policy_name: str, residue_name: str, policies: tuple[str, ...]) -> Json:
    policy = draw(st.sampled_from(policies))
    relation = {policy_name: f"RELATION_POLICY_{policy}"}
    if policy == "UPGRADE_NOW":
        relation[residue_name] = f"RESIDUE_RULE_{draw(st.sampled_from(RESIDUES))}"
    return relation


@st.composite
def _pair(draw: DrawFn, held: Json, bought: Json) -> Json:
    row = draw(_relation("policy", "residue", POLICIES))
    unsure = "fixed_period" in bought or _per_day(held) < 2 * _per_day(bought)
    if row.get("residue") == "RESIDUE_RULE_TAIL" and unsure:
        # A cheap card may not buy days of a dear one; far from the border, so that months need no length.
        row["residue"] = "RESIDUE_RULE_DISCARD"
    return {"held_sku_id": held["sku_id"], "bought_sku_id": bought["sku_id"], **row}


def _per_day(sku: Json) -> Fraction:
    """Minor units; a card of a fixed period may last two years."""
    unit = sku["duration"]["unit"].removeprefix("PERIOD_UNIT_")
    hours = 2 * HOURS_OF["YEAR"] if "fixed_period" in sku else sku["duration"]["count"] * HOURS_OF[unit]
    return Fraction(24 * sku["price"]["amount_minor"], hours)


@st.composite
def _rules(draw: DrawFn, sku_ids: list[str]) -> Json:
    guarded, *others = draw(st.permutations(sku_ids))
    kind, mode = draw(
        st.sampled_from(
            [
                ("PREREQUISITE", "EVER_BOUGHT"),
                ("PREREQUISITE", "ACTIVE_AT_START"),
                ("PREREQUISITE", "COVERS_INTERVAL"),
                ("CONFLICT", "OVERLAPS"),
                ("CONFLICT", "EVER_BOUGHT"),
            ]
        )
    )
    rule = {
        "rule_id": f"rule_{guarded}_{kind.lower()}",
        "sku_id": guarded,
        "kind": f"IDENTITY_RULE_KIND_{kind}",
        "mode": f"IDENTITY_RULE_MODE_{mode}",
        "other_sku_ids": others[: draw(st.integers(1, 2))],
    }
    if kind == "PREREQUISITE":
        rule["on_break"] = f"ON_BREAK_{draw(st.sampled_from(['KEEP', 'CASCADE', 'BLOCK']))}"
    return rule


def _without_cycles(rules: list[Json]) -> list[Json]:
    """Drops what ApplyCatalog would refuse: a second rule that needs, or forbids, what the first is about."""
    kept: list[Json] = []
    for rule in rules:
        named = {rule["sku_id"], *rule["other_sku_ids"]}
        if not any(named & {one["sku_id"]} and set(one["other_sku_ids"]) & named for one in kept):
            kept.append(rule)
    return kept


# -- Instants


def instants(zone: str = "Asia/Shanghai") -> SearchStrategy[int]:
    """Midnights, month ends, 29 February, clock changes, and a microsecond to either side."""
    days = ["2024-02-29", "2026-01-31", "2026-02-28", "2026-03-08", "2026-03-29", "2026-10-04", "2026-12-31"]
    # Sao Paulo last changed its clocks at midnight in November 2018.
    shown = [
        *days,
        "2018-11-04",
        "2026-11-01T01:30",
        "2026-03-08T02:30",
        "2026-01-31T23:59:59",
        "2026-06-15T12:00",
    ]
    near = st.sampled_from([-1, 0, 0, 0, 1, HOUR, 7 * DAY])
    return st.builds(lambda text, by: at(text, zone) + by, st.sampled_from(shown), near)


def moments(oracle: Oracle, member: str, after: int, zone: str) -> SearchStrategy[int]:
    """At or after an instant, where things happen: starts and ends of segments, midnights around them."""
    ends = {one for _, pieces in oracle.lanes(member) for _, _, start, end in pieces for one in (start, end)}
    near = {after, after + SECOND, after + DAY, after + 40 * DAY, midnight_after(after, zone)}
    for end in ends:
        near |= {
            end - 1,
            end,
            end + 1,
            (end + after) // 2,
            midnight_before(end, zone),
            midnight_after(end, zone),
        }
    return st.sampled_from(sorted(one for one in near if one >= after))


def shares() -> SearchStrategy[Fraction]:
    """Mostly all of it; else halves, thirds and millionths, in whole millionths as on the wire."""
    return st.sampled_from(
        [Fraction(parts, 1_000_000) for parts in (10**6, 10**6, 500_000, 333_333, 999_999, 1)]
    )


# -- Histories


@st.composite
def stories(
    draw: DrawFn,
    catalog: SearchStrategy[Json] | None = None,
    kinds: tuple[str, ...] = (
        "buy",
        "buy",
        "buy",
        "grant",
        "terminate",
        "terminate",
        "reinstate",
        "pause",
        "resume",
        "extend",
    ),
    members: tuple[str, ...] = ("ann",),
    max_ops: int = 14,
) -> Story:
    """2 to `max_ops` operations in the order of their `now`, each drawn knowing what the ones before did."""
    chosen = draw(catalog or catalogs())
    oracle, ops, accepted = Oracle(chosen), [], []
    now = draw(instants(_zone(chosen)))
    for number in range(draw(st.integers(2, max_ops))):
        member = draw(st.sampled_from(members))
        now = draw(st.one_of(st.just(now), st.just(now + HOUR), moments(oracle, member, now, _zone(chosen))))
        op = draw(operations(oracle, member, now, number, kinds))
        ops.append(op)
        accepted.append(oracle.apply(op).accepted)
    return Story(chosen, tuple(ops), tuple(accepted))


def _zone(catalog: Mapping[str, Any]) -> str:
    zone: str = catalog["spus"][0]["zone"]
    return zone


@st.composite
def operations(
    draw: DrawFn, oracle: Oracle, member: str, now: int, number: int, kinds: tuple[str, ...]
) -> Op:
    """The next operation; a purchase where nothing else is possible."""
    kind = draw(st.sampled_from(kinds))
    terms = [term.term_id for term in oracle.histories[member].terms] if member in oracle.histories else []
    makers: dict[str, Callable[[Oracle, str, int, int, list[str]], SearchStrategy[Op]]] = {
        "grant": _grants,
        "terminate": _terminations,
        "reinstate": _reinstatements,
        "pause": _pauses,
        "resume": _resumptions,
        "extend": _extensions,
    }
    if kind in ("buy", "grant") and oracle.layout(member).waiting and draw(st.booleans()):
        # Nothing is sold to a paused lane.
        kind = "resume"
    if kind == "buy" or not terms:
        return draw(_purchases(oracle, member, now, number))
    return draw(makers[kind](oracle, member, now, number, terms))


@st.composite
def _purchases(draw: DrawFn, oracle: Oracle, member: str, now: int, number: int) -> Op:
    skus = oracle.catalog["skus"]
    held = {piece.term.card.spu for piece in oracle.layout(member).all() if piece.end > now}
    follows = [sku["sku_id"] for sku in skus if sku["spu_id"] in held]
    return {
        "op": "buy",
        "member": member,
        "sku": draw(st.sampled_from([*follows, *follows, *(sku["sku_id"] for sku in skus)])),
        "term": f"t{number}",
        # A payment is heard of a little late.
        "t": now - draw(st.sampled_from([0, 0, 0, 0, SECOND])),
        "now": now,
    }


@st.composite
def _grants(draw: DrawFn, oracle: Oracle, member: str, now: int, number: int, _: list[str]) -> Op:
    op = draw(_purchases(oracle, member, now, number)) | {"op": "grant", "t": now}
    when = draw(st.sampled_from(["now", "past", "pinned"]))
    if when == "past":
        op["t"] = now - draw(st.sampled_from([1, HOUR, 3 * DAY]))
    if when == "pinned":
        back = now - 3 * DAY
        op["start"] = op["t"] = draw(moments(oracle, member, back, _zone(oracle.catalog)))
    return op


@st.composite
def _terminations(draw: DrawFn, oracle: Oracle, member: str, now: int, number: int, terms: list[str]) -> Op:
    before = [one.at for one in oracle.histories[member].terminations]
    live = [piece.term.term_id for piece in oracle.layout(member).all() if piece.end > now]
    instant = st.sampled_from([now, now, now, now - HOUR, now + 2 * DAY, *before[-2:]])
    return {
        "op": "terminate",
        "member": member,
        "refund": f"r{number}",
        "term": draw(st.sampled_from([*live, *live, *live, *terms])),
        "at": draw(instant),
        "now": now,
        "share": draw(shares()),
        "mode": draw(st.sampled_from(["SHORTEN", "SHORTEN", "SHORTEN", "KEEP"])),
    }


@st.composite
def _reinstatements(draw: DrawFn, oracle: Oracle, member: str, now: int, number: int, terms: list[str]) -> Op:
    refunds = sorted({one.refund_id for one in oracle.histories[member].terminations})
    if not refunds:
        return draw(_terminations(oracle, member, now, number, terms))
    return {"op": "reinstate", "member": member, "refund": draw(st.sampled_from(refunds)), "now": now}


@st.composite
def _pauses(draw: DrawFn, oracle: Oracle, member: str, now: int, number: int, terms: list[str]) -> Op:
    running = [
        term_id
        for _, pieces in oracle.lanes(member)
        for term_id, _, start, end in pieces
        if start <= now < end
    ]
    return {"op": "pause", "member": member, "term": draw(st.sampled_from(running or terms)), "now": now}


@st.composite
def _resumptions(draw: DrawFn, oracle: Oracle, member: str, now: int, number: int, terms: list[str]) -> Op:
    paused = [one.term_id for one in oracle.histories[member].pauses if one.resumed is None]
    if not paused:
        return draw(_pauses(oracle, member, now, number, terms))
    return {"op": "resume", "member": member, "term": draw(st.sampled_from(paused)), "now": now}


@st.composite
def _extensions(draw: DrawFn, oracle: Oracle, member: str, now: int, number: int, terms: list[str]) -> Op:
    count, unit = draw(st.sampled_from(DURATIONS))
    return {
        "op": "extend",
        "member": member,
        "term": draw(st.sampled_from(terms)),
        "new_term": f"t{number}",
        "count": count,
        "unit": unit,
        "now": now,
    }
