"""What makes a catalogue contradict itself: every violation, not the first."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.identity.catalog import Policy, Relation, Residue, Rule, RuleKind, RuleMode, Sku, Spu
from domain.shared.errors import FieldViolation
from domain.shared.instants import Period, Unit, zone_of

_MODES = {
    RuleKind.PREREQUISITE: {RuleMode.EVER_BOUGHT, RuleMode.ACTIVE_AT_START, RuleMode.COVERS_INTERVAL},
    RuleKind.CONFLICT: {RuleMode.EVER_BOUGHT, RuleMode.OVERLAPS},
}
_DAYS = {
    Unit.HOUR: Fraction(1, 24),
    Unit.DAY: Fraction(1),
    Unit.MONTH: Fraction(36525, 1200),
    Unit.YEAR: Fraction(36525, 100),
}


@dataclass(frozen=True)
class RelationRow:
    """One row of the relation table, as it was declared."""

    held: str
    bought: str
    relation: Relation


@dataclass(frozen=True)
class Draft:
    """A catalogue as it was declared: lists, so that duplicates can be told."""

    spus: Sequence[Spu]
    skus: Sequence[Sku]
    relations: Sequence[RelationRow]
    rules: Sequence[Rule]
    without_default: Sequence[int] = ()
    """Which SPUs declare no default relation, counted from 0."""


def violations(draft: Draft) -> list[FieldViolation]:
    """Everything that makes a catalogue inconsistent, in the order of its fields."""
    return [
        *_duplicates("spus", [spu.spu_id for spu in draft.spus]),
        *_spus(draft),
        *_duplicates("skus", [sku.sku_id for sku in draft.skus]),
        *_skus(draft),
        *_duplicates("relations", [f"{row.held}>{row.bought}" for row in draft.relations]),
        *_relations(draft),
        *_tails(draft),
        *_duplicates("rules", [rule.rule_id for rule in draft.rules]),
        *_rules(draft),
        *_self_defeating(draft),
        *_unreachable(draft),
    ]


def nominal_days(period: Period) -> Fraction:
    """Days of a period on average: only for comparing prices."""
    return period.count * _DAYS[period.unit]


def _violation(field: str, reason: str, description: str) -> FieldViolation:
    return FieldViolation(f"catalog.{field}", reason, description)


def _duplicates(field: str, ids: Iterable[str]) -> Iterator[FieldViolation]:
    for name, count in Counter(ids).items():
        if count > 1:
            yield _violation(field, "DUPLICATE", f"{name} stands {count} times")


def _spus(draft: Draft) -> Iterator[FieldViolation]:
    for number, spu in enumerate(draft.spus):
        try:
            zone_of(spu.zone)
        except (KeyError, ValueError, OSError):
            yield _violation(f"spus[{number}].zone", "ZONE_UNKNOWN", f"{spu.zone} is no IANA zone")
        if number in draft.without_default:
            yield _violation(
                f"spus[{number}].default_relation", "REQUIRED", "a pair needs an explicit default"
            )
        else:
            yield from _residue(f"spus[{number}].default_residue", spu.default_relation)


def _residue(field: str, relation: Relation) -> Iterator[FieldViolation]:
    upgrades = relation.policy is Policy.UPGRADE_NOW
    if upgrades and relation.residue is None:
        yield _violation(field, "RESIDUE_MISSING", "UPGRADE_NOW needs a residue rule")
    if not upgrades and relation.residue is not None:
        yield _violation(field, "RESIDUE_UNUSED", f"{relation.policy.value} has no residue")


def _skus(draft: Draft) -> Iterator[FieldViolation]:
    spu_ids = {spu.spu_id for spu in draft.spus}
    currencies: dict[str, str] = {}
    for number, sku in enumerate(draft.skus):
        if sku.spu_id not in spu_ids:
            yield _violation(f"skus[{number}].spu_id", "SPU_UNKNOWN", f"there is no SPU {sku.spu_id}")
        if currencies.setdefault(sku.spu_id, sku.price.currency) != sku.price.currency:
            description = f"the SKUs of {sku.spu_id} have several currencies"
            yield _violation(f"skus[{number}].price.currency", "CURRENCY_MIXED", description)
        if sku.sale_start is not None and sku.sale_end is not None and sku.sale_start >= sku.sale_end:
            yield _violation(f"skus[{number}].sale_end_time", "SALE_EMPTY", "the sale ends before it starts")


def _relations(draft: Draft) -> Iterator[FieldViolation]:
    skus = {sku.sku_id: sku for sku in draft.skus}
    for number, row in enumerate(draft.relations):
        unknown = [sku_id for sku_id in (row.held, row.bought) if sku_id not in skus]
        for sku_id in unknown:
            yield _violation(f"relations[{number}]", "SKU_UNKNOWN", f"there is no SKU {sku_id}")
        if not unknown and skus[row.held].spu_id != skus[row.bought].spu_id:
            description = f"{row.held} and {row.bought} are of different SPUs: such cards always stack"
            yield _violation(f"relations[{number}]", "SPU_DIFFERENT", description)
        yield from _residue(f"relations[{number}].residue", row.relation)
        trial = row.held == row.bought and row.held in skus and skus[row.held].trial_family
        if trial and row.relation.policy is not Policy.REJECT:
            description = "a trial cannot be queued behind itself"
            yield _violation(f"relations[{number}].policy", "TRIAL_BEHIND_ITSELF", description)


def _tails(draft: Draft) -> Iterator[FieldViolation]:
    """TAIL would let a cheap card buy days of a dear one."""
    rows = {(row.held, row.bought): row.relation for row in draft.relations}
    defaults = {spu.spu_id: spu.default_relation for spu in draft.spus}
    for held in draft.skus:
        for bought in draft.skus:
            if held.spu_id != bought.spu_id or held.spu_id not in defaults:
                continue
            relation = rows.get((held.sku_id, bought.sku_id), defaults[held.spu_id])
            if relation.residue is Residue.TAIL and _least_per_day(held) < _per_day(bought):
                description = f"a day of {held.sku_id} is cheaper than one of {bought.sku_id}"
                yield _violation(f"relations[{held.sku_id}>{bought.sku_id}]", "TAIL_TOO_CHEAP", description)


def _per_day(sku: Sku) -> Fraction:
    return Fraction(sku.price.amount) / nominal_days(sku.duration)


def _least_per_day(sku: Sku) -> Fraction:
    """A fixed-period card may last nearly two years, whatever its duration says."""
    longest = 2 * _DAYS[Unit.YEAR] if sku.fixed_period else nominal_days(sku.duration)
    return Fraction(sku.price.amount) / longest


def _rules(draft: Draft) -> Iterator[FieldViolation]:
    sku_ids = {sku.sku_id for sku in draft.skus}
    for number, rule in enumerate(draft.rules):
        for sku_id in (rule.sku_id, *rule.others):
            if sku_id not in sku_ids:
                yield _violation(f"rules[{number}]", "SKU_UNKNOWN", f"there is no SKU {sku_id}")
        if rule.sku_id in rule.others:
            yield _violation(
                f"rules[{number}].other_sku_ids", "RULE_ON_ITSELF", f"{rule.sku_id} names itself"
            )
        if rule.mode not in _MODES[rule.kind]:
            description = f"{rule.kind.value} cannot be {rule.mode.value}"
            yield _violation(f"rules[{number}].mode", "MODE_UNSUITED", description)
        if rule.kind is RuleKind.CONFLICT and rule.on_break is not None:
            yield _violation(f"rules[{number}].on_break", "ON_BREAK_UNUSED", "a conflict has no on_break")


def _self_defeating(draft: Draft) -> Iterator[FieldViolation]:
    """A SKU that conflicts with its own prerequisite."""
    conflicts = {
        frozenset((rule.sku_id, other))
        for rule in draft.rules
        if rule.kind is RuleKind.CONFLICT
        for other in rule.others
    }
    for number, rule in enumerate(draft.rules):
        if rule.kind is RuleKind.PREREQUISITE:
            for other in rule.others:
                if frozenset((rule.sku_id, other)) in conflicts:
                    description = f"{rule.sku_id} needs {other} and conflicts with it"
                    yield _violation(f"rules[{number}]", "CONFLICTS_WITH_PREREQUISITE", description)


def _unreachable(draft: Draft) -> Iterator[FieldViolation]:
    """SKUs that nobody can ever be the first to hold: their prerequisites go in a circle."""
    needs = [rule for rule in draft.rules if rule.kind is RuleKind.PREREQUISITE]
    reachable: set[str] = set()
    growing = True
    while growing:
        found = {
            sku.sku_id
            for sku in draft.skus
            if all(reachable & set(rule.others) for rule in needs if rule.sku_id == sku.sku_id)
        }
        growing, reachable = found > reachable, found | reachable
    for number, rule in enumerate(draft.rules):
        if rule in needs and rule.sku_id not in reachable and not (reachable & set(rule.others)):
            description = f"{rule.sku_id} can never be had: its prerequisites go in a circle"
            yield _violation(f"rules[{number}]", "PREREQUISITE_CYCLE", description)
