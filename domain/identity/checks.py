"""Every check that an acquisition must pass, each with what it looked at and how it ended.

A commit raises the first failed check; `ExplainPurchase` shows them all. Both come from here, so they
cannot disagree.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.identity.catalog import Catalog, Channel, Policy, Rule, RuleKind
from domain.identity.layout import Layout
from domain.identity.placement import Acquisition, Placed, place
from domain.identity.rules import Break, breaks
from domain.identity.timeline import Timeline
from domain.shared.errors import Refused
from domain.shared.instants import Instant, add, local_date, to_datetime


class CheckKind(StrEnum):
    """What a check looks at."""

    SALE_WINDOW = "SALE_WINDOW"
    SOURCE = "SOURCE"
    TRIAL = "TRIAL"
    RELATION = "RELATION"
    HORIZON = "HORIZON"
    PREREQUISITE = "PREREQUISITE"
    CONFLICT = "CONFLICT"


@dataclass(frozen=True)
class Check:
    """One check and its result; `refusal` is what a commit would raise."""

    kind: CheckKind
    name: str
    inputs: Mapping[str, str]
    explanation: str
    refusal: Refused | None = None

    @property
    def passed(self) -> bool:
        return self.refusal is None


@dataclass(frozen=True)
class Verdict:
    """All checks of one acquisition, and where it would lie if the placement itself was possible."""

    checks: Sequence[Check]
    placed: Placed | None

    @property
    def accepted(self) -> bool:
        return all(check.passed for check in self.checks)

    def require(self) -> Placed:
        """The placement. Raises the Refused of the first failed check."""
        for check in self.checks:
            if check.refusal:
                raise check.refusal
        assert self.placed is not None, "a verdict without placement has a failed check"
        return self.placed


def judge(
    timeline: Timeline,
    layout: Layout,
    catalog: Catalog,
    wanted: Acquisition,
    since: Instant,
    now: Instant,
    trial_used: bool = False,
    exempt_from_horizon: bool = False,
) -> Verdict:
    """Hold an acquisition against every rule; prerequisites and conflicts from `since` on."""
    checks = [_sale_window(wanted), _source(wanted), *_trial(wanted, trial_used)]
    try:
        placed = place(timeline, layout, catalog, wanted, now)
    except Refused as refusal:
        return Verdict([*checks, _relation_refused(wanted, refusal)], None)
    checks += _relations(placed, wanted)
    if not (exempt_from_horizon or wanted.pinned or wanted.channel is Channel.OPERATOR):
        checks.append(_horizon(placed, wanted, now))
    checks += _identity_rules(timeline, layout, catalog, placed, since)
    return Verdict(checks, placed)


def _sale_window(wanted: Acquisition) -> Check:
    sku = wanted.sku
    sold = wanted.at if wanted.sold is None else wanted.sold
    inputs = {"sku_id": sku.sku_id, "at": shown(sold)}
    if sku.on_sale(sold):
        return Check(CheckKind.SALE_WINDOW, sku.sku_id, inputs, f"{sku.sku_id} is sold at this time")
    refusal = Refused("SKU_NOT_ON_SALE", f"{sku.sku_id} is not sold at this time", sku_id=sku.sku_id)
    return Check(CheckKind.SALE_WINDOW, sku.sku_id, inputs, refusal.message, refusal)


def _source(wanted: Acquisition) -> Check:
    sku = wanted.sku
    inputs = {"sku_id": sku.sku_id, "source": wanted.source, "channel": wanted.channel.value}
    if wanted.channel is Channel.OPERATOR or sku.sold_by(wanted.source, wanted.channel):
        return Check(CheckKind.SOURCE, sku.sku_id, inputs, "this source and channel may give it")
    refusal = Refused("SOURCE_NOT_ALLOWED", f"{sku.sku_id} is not given through this source", **inputs)
    return Check(CheckKind.SOURCE, sku.sku_id, inputs, refusal.message, refusal)


def _trial(wanted: Acquisition, used: bool) -> Iterator[Check]:
    if family := wanted.sku.trial_family:
        inputs = {"trial_family": family}
        if used:
            refusal = Refused("TRIAL_USED", "this trial was used before", trial_family=family)
            yield Check(CheckKind.TRIAL, family, inputs, refusal.message, refusal)
        else:
            yield Check(CheckKind.TRIAL, family, inputs, "this trial was not used before")


def _relation_refused(wanted: Acquisition, refusal: Refused) -> Check:
    name = f"{refusal.metadata.get('held_sku_id', '*')}>{wanted.sku.sku_id}"
    return Check(CheckKind.RELATION, name, dict(refusal.metadata), refusal.message, refusal)


def _relations(placed: Placed, wanted: Acquisition) -> Iterator[Check]:
    bought = wanted.sku.sku_id
    placement = placed.term.placement.value
    if not placed.held.relations:
        explanation = f"nothing of this card type is held: {placement}"
        yield Check(CheckKind.RELATION, f"*>{bought}", {"placement": placement}, explanation)
    for term, relation in placed.held.relations.values():
        inputs = {
            "held_sku_id": term.sku_id,
            "held_term_id": term.term_id,
            "policy": relation.policy.value,
            "placement": placement,
        }
        if relation.residue and relation.policy is Policy.UPGRADE_NOW:
            inputs["residue"] = relation.residue.value
        explanation = f"{term.sku_id} is held: {relation.policy.value}; together: {placement}"
        yield Check(CheckKind.RELATION, f"{term.sku_id}>{bought}", inputs, explanation)


def _horizon(placed: Placed, wanted: Acquisition, now: Instant) -> Check:
    sku, zone = wanted.sku, placed.term.length.zone
    tail = placed.layout.lanes[placed.term.lane_id].tail(now) or wanted.at
    latest = local_date(add(wanted.at, sku.horizon, zone), zone)
    last_day = local_date(tail - 1, zone)
    inputs = {"tail_end": shown(tail), "last_day": str(last_day), "latest_day": str(latest)}
    if last_day <= latest:
        return Check(CheckKind.HORIZON, sku.sku_id, inputs, f"{last_day} is not after {latest}")
    refusal = Refused(
        "HORIZON_EXCEEDED",
        f"the card would reach to {last_day}; it may be prepaid to {latest}",
        sku_id=sku.sku_id,
        latest_end_time=str(latest),
    )
    return Check(CheckKind.HORIZON, sku.sku_id, inputs, refusal.message, refusal)


def _identity_rules(
    timeline: Timeline, layout: Layout, catalog: Catalog, placed: Placed, since: Instant
) -> Iterator[Check]:
    touched = {placed.term.sku_id, *(timeline.terms[move.term_id].sku_id for move in placed.consequences())}
    rules = [rule for rule in catalog.rules if touched & {rule.sku_id, *rule.others}]
    before = breaks(timeline, layout, rules, since)
    after = breaks(placed.timeline, placed.layout, rules, since)
    for rule in rules:
        new = [item for item in after if item.rule is rule and item not in before]
        yield _rule_check(rule, placed, new[0] if new else None)


def _rule_check(rule: Rule, placed: Placed, broken: Break | None) -> Check:
    kind = CheckKind(rule.kind.value)
    others = " or ".join(rule.others)
    inputs = {"rule_id": rule.rule_id, "mode": rule.mode.value, "sku_id": rule.sku_id, "others": others}
    if broken is None:
        return Check(kind, rule.rule_id, inputs, f"{rule.rule_id} holds")
    if rule.kind is RuleKind.PREREQUISITE:
        message = f"{rule.sku_id} needs {others} ({rule.mode.value})"
        refusal = Refused(
            "PREREQUISITE_MISSING", message, rule_id=rule.rule_id, sku_id=rule.sku_id, other=others
        )
    else:
        other_id = broken.other_term_id if broken.term_id == placed.term.term_id else broken.term_id
        other_sku = placed.timeline.terms[other_id].sku_id
        refusal = Refused(
            "IDENTITY_CONFLICT",
            f"{placed.term.sku_id} conflicts with {other_sku} ({rule.mode.value})",
            rule_id=rule.rule_id,
            sku_id=placed.term.sku_id,
            other=other_sku,
            term_id=other_id,
        )
        inputs["other_term_id"] = other_id
    return Check(kind, rule.rule_id, inputs, refusal.message, refusal)


def shown(instant: Instant) -> str:
    """RFC 3339, UTC, for messages and metadata."""
    return to_datetime(instant).isoformat().replace("+00:00", "Z")
