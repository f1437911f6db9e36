"""Catalogues on the wire."""

from collections.abc import Sequence

from domain.identity.cards import CardBatch
from domain.identity.catalog import (
    Catalog,
    Compaction,
    EndRounding,
    FixedPeriod,
    OnBreak,
    Relation,
    RenewalAnchor,
    Rule,
    RuleKind,
    Sku,
    Spu,
    default_end_rounding,
)
from domain.identity.catalog import Policy as RelationPolicy
from domain.identity.catalog_check import Draft, RelationRow
from domain.identity.catalog_diff import Change
from domain.shared.errors import FieldViolation
from domain.shared.money import Money
from nectary.identity.v1 import catalog_pb2 as pb
from servers.identity.wire.values import (
    ANCHORS,
    CHANGES,
    CHANNELS,
    COMPACTIONS,
    ON_BREAKS,
    POLICIES,
    RESIDUES,
    ROUNDINGS,
    RULE_KINDS,
    RULE_MODES,
    instant,
    money,
    optional_timestamp,
    own_period,
    period,
    timestamp,
)

DEFAULT_ZONE = "Asia/Shanghai"
HORIZON_FACTOR = 3
"""Durations that may be prepaid, where a SKU does not say."""
UNDECLARED = Relation(RelationPolicy.STACK)
"""Stands where a draft declares no default, which is refused: `Draft.without_default`."""
MAX_VIOLATIONS = 10_000
"""About 2 MB of them: clients receive 4 MiB."""


def draft_of(message: pb.Catalog) -> Draft:
    """A declared catalogue, its defaults filled in."""
    return Draft(
        spus=[_spu(spu) for spu in message.spus],
        skus=[_sku(sku) for sku in message.skus],
        relations=[
            RelationRow(row.held_sku_id, row.bought_sku_id, _relation(row.policy, row.residue))
            for row in message.relations
        ],
        rules=[_rule(rule) for rule in message.rules],
        without_default=[number for number, spu in enumerate(message.spus) if not spu.default_relation],
    )


def _relation(policy: int, residue: int) -> Relation:
    return Relation(POLICIES.own(policy), RESIDUES.own_or_none(residue))


def _spu(message: pb.Spu) -> Spu:
    return Spu(
        spu_id=message.spu_id,
        title=message.title,
        zone=message.zone or DEFAULT_ZONE,
        default_relation=(
            _relation(message.default_relation, message.default_residue)
            if message.default_relation
            else UNDECLARED
        ),
        display_weight=message.display_weight,
        display_position=message.display_position,
        compaction=COMPACTIONS.own_or(message.compaction, Compaction.COMPACT),
    )


def _sku(message: pb.Sku) -> Sku:
    duration = own_period(message.duration)
    has_horizon = message.HasField("horizon")
    return Sku(
        sku_id=message.sku_id,
        spu_id=message.spu_id,
        title=message.title,
        duration=duration,
        price=Money(message.price.currency, message.price.amount_minor),
        end_rounding=ROUNDINGS.own_or(message.end_rounding, default_end_rounding(duration)),
        horizon=own_period(message.horizon) if has_horizon else duration.times(HORIZON_FACTOR),
        rank=message.rank,
        renewal_anchor=ANCHORS.own_or(message.renewal_anchor, RenewalAnchor.CONTINUOUS),
        grace_days=message.grace_days,
        trial_family=message.trial_family,
        sources=frozenset(message.sources),
        channels=frozenset(CHANNELS.own(channel) for channel in message.acquisition_channels),
        fixed_period=_fixed_period(message),
        sale_start=instant(message, "sale_start_time"),
        sale_end=instant(message, "sale_end_time"),
    )


def _fixed_period(message: pb.Sku) -> FixedPeriod | None:
    if not message.HasField("fixed_period"):
        return None
    fixed = message.fixed_period
    start, roll_over = fixed.start, fixed.roll_over
    return FixedPeriod((start.month, start.day), (roll_over.month, roll_over.day))


def _rule(message: pb.IdentityRule) -> Rule:
    kind = RULE_KINDS.own(message.kind)
    default = OnBreak.BLOCK if kind is RuleKind.PREREQUISITE else None
    return Rule(
        rule_id=message.rule_id,
        sku_id=message.sku_id,
        kind=kind,
        mode=RULE_MODES.own(message.mode),
        others=tuple(message.other_sku_ids),
        on_break=ON_BREAKS.own_or_none(message.on_break) or default,
    )


def catalog(own: Catalog) -> pb.Catalog:
    """A catalogue with its defaults written out."""
    return pb.Catalog(
        spus=[_wire_spu(spu) for spu in own.spus.values()],
        skus=[sku(item) for item in own.skus.values()],
        relations=[_wire_relation(pair, relation) for pair, relation in own.relations.items()],
        rules=[_wire_rule(rule) for rule in own.rules],
    )


def _residue(relation: Relation) -> "pb.ResidueRule.ValueType":
    upgrades = relation.policy is RelationPolicy.UPGRADE_NOW and relation.residue
    return RESIDUES.wire(relation.residue) if upgrades and relation.residue else pb.RESIDUE_RULE_UNSPECIFIED


def _wire_spu(own: Spu) -> pb.Spu:
    return pb.Spu(
        spu_id=own.spu_id,
        title=own.title,
        zone=own.zone,
        display_weight=own.display_weight,
        display_position=own.display_position,
        default_relation=POLICIES.wire(own.default_relation.policy),
        default_residue=_residue(own.default_relation),
        compaction=COMPACTIONS.wire(own.compaction),
    )


def sku(own: Sku) -> pb.Sku:
    rounding: EndRounding = own.end_rounding
    return pb.Sku(
        sku_id=own.sku_id,
        spu_id=own.spu_id,
        title=own.title,
        duration=period(own.duration),
        price=money(own.price.currency, own.price.amount),
        rank=own.rank,
        end_rounding=ROUNDINGS.wire(rounding),
        renewal_anchor=ANCHORS.wire(own.renewal_anchor),
        grace_days=own.grace_days,
        horizon=period(own.horizon),
        trial_family=own.trial_family,
        sources=sorted(own.sources),
        acquisition_channels=sorted(CHANNELS.wire(channel) for channel in own.channels),
        fixed_period=_wire_fixed_period(own.fixed_period),
        sale_start_time=optional_timestamp(own.sale_start),
        sale_end_time=optional_timestamp(own.sale_end),
    )


def _wire_fixed_period(own: FixedPeriod | None) -> pb.FixedPeriod | None:
    if own is None:
        return None
    start, roll_over = own.start, own.roll_over
    return pb.FixedPeriod(
        start=pb.MonthDay(month=start[0], day=start[1]),
        roll_over=pb.MonthDay(month=roll_over[0], day=roll_over[1]),
    )


def _wire_relation(pair: tuple[str, str], relation: Relation) -> pb.SkuRelation:
    return pb.SkuRelation(
        held_sku_id=pair[0],
        bought_sku_id=pair[1],
        policy=POLICIES.wire(relation.policy),
        residue=_residue(relation),
    )


def _wire_rule(own: Rule) -> pb.IdentityRule:
    return pb.IdentityRule(
        rule_id=own.rule_id,
        sku_id=own.sku_id,
        kind=RULE_KINDS.wire(own.kind),
        mode=RULE_MODES.wire(own.mode),
        other_sku_ids=own.others,
        on_break=ON_BREAKS.wire(own.on_break) if own.on_break else pb.ON_BREAK_UNSPECIFIED,
    )


def violations(own: Sequence[FieldViolation]) -> list[pb.CatalogViolation]:
    """As many as an answer holds."""
    return [
        pb.CatalogViolation(field=one.field, reason=one.reason, description=one.description)
        for one in own[:MAX_VIOLATIONS]
    ]


def change(own: Change) -> pb.CatalogChange:
    return pb.CatalogChange(kind=CHANGES.wire(own.kind), item=own.item, fields=own.fields)


def card_batch(own: CardBatch) -> pb.CardBatch:
    return pb.CardBatch(
        batch_id=own.batch_id,
        sku_id=own.sku_id,
        source=own.source,
        count=own.count,
        activation_start_time=timestamp(own.opens),
        activation_end_time=timestamp(own.closes),
    )
