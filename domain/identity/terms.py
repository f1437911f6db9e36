"""Terms: acquired pieces of time, as they were acquired. What happens to one later is a fact."""

from dataclasses import dataclass
from enum import StrEnum

from domain.identity.catalog import Channel, EndRounding, FixedPeriod, Residue
from domain.shared.instants import Instant, Period


class Placement(StrEnum):
    """How a term was placed."""

    STACK = "STACK"
    RENEW = "RENEW"
    UPGRADE_NOW = "UPGRADE_NOW"
    CHANGE_AT_END = "CHANGE_AT_END"
    EXTEND = "EXTEND"


class CauseKind(StrEnum):
    """What gave a term."""

    ORDER = "ORDER"
    TASK = "TASK"
    PARTNER_ORDER = "PARTNER_ORDER"
    BUNDLE_ITEM = "BUNDLE_ITEM"
    PHYSICAL_CARD = "PHYSICAL_CARD"
    GIFT = "GIFT"
    FLASH_SALE = "FLASH_SALE"
    OPERATOR = "OPERATOR"
    EXTENSION = "EXTENSION"


@dataclass(frozen=True, slots=True)
class Cause:
    """What gave a term; one cause gives one term."""

    kind: CauseKind
    id: str


@dataclass(frozen=True, slots=True)
class Length:
    """How long a term lasts, once it is known where it starts."""

    zone: str
    period: Period
    end_rounding: EndRounding
    fixed_period: FixedPeriod | None = None
    extra_days: int = 0
    """Whole local days that an upgrade's residue added."""
    extra_us: int = 0
    """Microseconds that an upgrade's residue added."""

    @property
    def joins_runs(self) -> bool:
        return not (self.fixed_period or self.extra_days or self.extra_us)


@dataclass(frozen=True, slots=True)
class Supersession:
    """One term that an upgrade replaced, and where the value of its rest went, in minor units."""

    term_id: str
    residue: Residue
    value: int
    converted: int
    discarded: int


@dataclass(frozen=True, slots=True)
class Thaw:
    """A frozen rest that had begun when a term was acquired: it keeps its place, new terms come behind."""

    term_id: str
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A term as it was acquired. `TermPlaced` is its fact."""

    term_id: str
    sku_id: str
    sku_version: int
    spu_id: str
    lane_id: str
    order: tuple[int, ...]
    """Position among the terms of the timeline; an extension sorts directly behind its parent."""
    length: Length
    acquired: Instant
    """The moment t for which it was acquired: of payment, of granting, or the pinned start."""
    floor: Instant
    """It starts no earlier."""
    pinned: Instant | None
    """It starts exactly here, whatever else moves."""
    purchase_start: bool
    """Starting at `acquired`, its first day does not count (END_OF_LOCAL_DAY)."""
    placement: Placement
    cause: Cause
    source: str
    channel: Channel
    currency: str
    paid: int
    """Minor units."""
    grace_days: int
    hold: bool
    """The SPU's HOLD: later terms stay when this one ends early."""
    supersedes: tuple[Supersession, ...] = ()
    thaws: tuple[Thaw, ...] = ()
    sold: Instant | None = None
    """When its order was made; None of a term without one."""
