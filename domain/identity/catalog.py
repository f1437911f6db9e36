"""The catalogue: what is sold, and by which rules. Immutable; a change makes a new revision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from domain.shared.instants import Instant, Period, Unit
from domain.shared.money import Money


class EndRounding(StrEnum):
    """Where a term ends within its last day."""

    EXACT = "EXACT"
    END_OF_LOCAL_DAY = "END_OF_LOCAL_DAY"


class RenewalAnchor(StrEnum):
    """Where a renewal inside the grace time starts."""

    CONTINUOUS = "CONTINUOUS"
    RESTART = "RESTART"


class Compaction(StrEnum):
    """What later terms of a lane do when one before them ends early."""

    COMPACT = "COMPACT"
    HOLD = "HOLD"


class Policy(StrEnum):
    """What happens to a bought SKU when one of the same SPU is held."""

    STACK = "STACK"
    RENEW = "RENEW"
    UPGRADE_NOW = "UPGRADE_NOW"
    CHANGE_AT_END = "CHANGE_AT_END"
    REJECT = "REJECT"


class Residue(StrEnum):
    """What becomes of the time left on a card that an upgrade replaces."""

    DISCARD = "DISCARD"
    CREDIT_MONEY = "CREDIT_MONEY"
    CONVERT_DAYS = "CONVERT_DAYS"
    FREEZE = "FREEZE"
    TAIL = "TAIL"


class RuleKind(StrEnum):
    """Whether a rule asks for other identities or forbids them."""

    PREREQUISITE = "PREREQUISITE"
    CONFLICT = "CONFLICT"


class RuleMode(StrEnum):
    """When a rule's other identities count."""

    EVER_BOUGHT = "EVER_BOUGHT"
    ACTIVE_AT_START = "ACTIVE_AT_START"
    COVERS_INTERVAL = "COVERS_INTERVAL"
    OVERLAPS = "OVERLAPS"


class OnBreak(StrEnum):
    """What a refund of a prerequisite does to the card that needs it."""

    KEEP = "KEEP"
    CASCADE = "CASCADE"
    BLOCK = "BLOCK"


class Channel(StrEnum):
    """How a term was got."""

    APP_PURCHASE = "APP_PURCHASE"
    MINI_PROGRAM = "MINI_PROGRAM"
    INCENTIVE_TASK = "INCENTIVE_TASK"
    SUPPLIER = "SUPPLIER"
    BUNDLE = "BUNDLE"
    PHYSICAL_CARD = "PHYSICAL_CARD"
    GIFT = "GIFT"
    FLASH_SALE = "FLASH_SALE"
    OPERATOR = "OPERATOR"


@dataclass(frozen=True, slots=True)
class FixedPeriod:
    """A yearly period, as (month, day): its first day, and its roll-over day."""

    start: tuple[int, int]
    roll_over: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Relation:
    """A pair policy, with the residue rule that UPGRADE_NOW needs."""

    policy: Policy
    residue: Residue | None = None


@dataclass(frozen=True, slots=True)
class Spu:
    """A card type."""

    spu_id: str
    title: str
    zone: str
    default_relation: Relation
    display_weight: int = 0
    display_position: int = 0
    compaction: Compaction = Compaction.COMPACT


@dataclass(frozen=True, slots=True)
class Sku:
    """The smallest thing sold: a card type for a duration."""

    sku_id: str
    spu_id: str
    title: str
    duration: Period
    price: Money
    end_rounding: EndRounding
    horizon: Period
    rank: int = 0
    renewal_anchor: RenewalAnchor = RenewalAnchor.CONTINUOUS
    grace_days: int = 0
    trial_family: str = ""
    sources: frozenset[str] = frozenset()
    channels: frozenset[Channel] = frozenset()
    fixed_period: FixedPeriod | None = None
    sale_start: Instant | None = None
    sale_end: Instant | None = None

    def on_sale(self, at: Instant) -> bool:
        return (self.sale_start is None or self.sale_start <= at) and (
            self.sale_end is None or at < self.sale_end
        )

    def sold_by(self, source: str, channel: Channel) -> bool:
        return (not self.sources or source in self.sources) and (
            not self.channels or channel in self.channels
        )


def default_end_rounding(duration: Period) -> EndRounding:
    return EndRounding.END_OF_LOCAL_DAY if duration.unit is Unit.DAY else EndRounding.EXACT


@dataclass(frozen=True, slots=True)
class Rule:
    """A prerequisite or a conflict of `sku_id` with any of `others`."""

    rule_id: str
    sku_id: str
    kind: RuleKind
    mode: RuleMode
    others: tuple[str, ...]
    on_break: OnBreak | None = None


@dataclass(frozen=True)
class Catalog:
    """One revision of the whole catalogue."""

    revision: int
    spus: Mapping[str, Spu]
    skus: Mapping[str, Sku]
    relations: Mapping[tuple[str, str], Relation]
    """(held SKU, bought SKU) to policy."""
    rules: Sequence[Rule]
    versions: Mapping[str, int] = field(default_factory=dict)
    """SKU id to the version that this revision holds."""

    def relation(self, held_sku_id: str, bought: Sku) -> Relation:
        """The policy of a pair; trials are never queued behind themselves."""
        if bought.trial_family and held_sku_id == bought.sku_id:
            return Relation(Policy.REJECT)
        own = self.relations.get((held_sku_id, bought.sku_id))
        return own or self.spus[bought.spu_id].default_relation

    def zone(self, sku_id: str) -> str:
        return self.spus[self.skus[sku_id].spu_id].zone
