"""Activities: what is sold, to whom, for how much, from when until when."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.shared.instants import SECOND, Instant
from domain.shared.money import Money


class ActivityState(StrEnum):
    """Where an activity stands; whether it sells at this moment follows from its window too."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class SkuItem:
    """Each unit is one term of a SKU of Identity."""

    sku_id: str


@dataclass(frozen=True, slots=True)
class BenefitItem:
    """Each unit is one grant of a benefit."""

    benefit_id: str


Item = SkuItem | BenefitItem


@dataclass(frozen=True, slots=True)
class Tranche:
    """A part of the stock. Units never move to another: a release only widens who may take them."""

    number: int
    """Its place in the activity, from 1."""
    stock: int
    sku_ids: tuple[str, ...] = ()
    """Who holds any one of them may take from it. Empty: everybody."""
    release: Instant | None = None
    """From when everybody may. None: never."""

    def is_released(self, now: Instant) -> bool:
        """Whether everybody may take from it."""
        return not self.sku_ids or (self.release is not None and now >= self.release)

    def is_open_to(self, held_skus: Collection[str], now: Instant) -> bool:
        """Whether a member who holds these SKUs may take from it."""
        return self.is_released(now) or any(sku_id in held_skus for sku_id in self.sku_ids)


@dataclass(frozen=True, slots=True)
class Settings:
    """What operators say of an activity. `activity_check` says what holds between the fields."""

    title: str
    item: Item
    price: Money
    """Of one unit."""
    opens: Instant
    closes: Instant
    """Exclusive."""
    stock: int
    member_limit: int
    """Units that one member may have at a time."""
    payment_seconds: int
    scenes: tuple[str, ...] = ()
    """From where units may be reserved. Empty: from everywhere."""
    tranches: tuple[Tranche, ...] = ()
    """Empty: see `parts`."""

    @property
    def parts(self) -> tuple[Tranche, ...]:
        """The tranches; without any declared, one that is open to everybody."""
        return self.tranches or (Tranche(1, self.stock),)


@dataclass(frozen=True, slots=True)
class Activity:
    """A flash sale. How much of it is taken is not its own: that moves with every sale."""

    activity_id: str
    revision: int
    """Counts the operators' changes from 1."""
    state: ActivityState
    settings: Settings
    created: Instant
    updated: Instant

    def is_selling(self, now: Instant) -> bool:
        """Whether units may be taken at this moment."""
        published = self.state is ActivityState.PUBLISHED
        return published and self.settings.opens <= now < self.settings.closes

    def pay_by(self, reserved: Instant) -> Instant:
        """Until when, exclusive, a unit that is reserved at an instant waits for its payment."""
        return reserved + self.settings.payment_seconds * SECOND

    def asks_what_members_hold(self, now: Instant) -> bool:
        """Whether who may take depends on held SKUs at this moment."""
        return any(not tranche.is_released(now) for tranche in self.settings.parts)


@dataclass(frozen=True, slots=True)
class Standing:
    """An activity and its taken units by tranche, as one transaction saw them."""

    activity: Activity
    taken: Mapping[int, int]
    """Every tranche's number, and its units that are reserved or sold."""
    read: Instant

    @property
    def total_taken(self) -> int:
        return sum(self.taken.values())
