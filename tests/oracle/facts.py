"""What the oracle remembers of a member: the facts of accepted operations, and nothing derived.

A term's placement is decided once, when it is acquired; where it lies is worked out anew each time
(R1, R2 of the readings).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.oracle.local_time import EPOCH

Order = tuple[int, ...]


@dataclass(frozen=True)
class Card:
    """One version of a SKU, with its SPU's zone and every default filled in."""

    sku: str
    spu: str
    zone: str
    count: int
    unit: str
    price: int
    end_of_day: bool
    continuous: bool
    grace_days: int
    horizon: tuple[int, str]
    trial_family: str
    sources: tuple[str, ...]
    channels: tuple[str, ...]
    fixed_period: tuple[tuple[int, int], tuple[int, int]] | None
    on_sale: tuple[int | None, int | None]


@dataclass(frozen=True)
class Term:
    """One acquired piece of time."""

    term_id: str
    card: Card
    lane: int
    order: Order
    placement: str
    moment: int
    """The instant for which it was acquired: paid, effective or pinned."""
    floor: int
    """It starts no earlier: the moment, or the old end where it continues a lane inside its grace."""
    count: int
    unit: str
    pinned: int | None = None
    """A start that stays: an operator's, or an upgrade's."""
    pinned_by_operator: bool = False
    continues_grace: bool = False
    paid: int = 0
    carried: int = 0
    """Minor units of superseded terms that went into it."""
    extra_days: int = 0
    extra_us: int = 0
    supersedes: tuple[tuple[str, str], ...] = ()
    """Term and residue rule of each card that it replaces."""
    took: tuple[tuple[str, int], ...] = ()
    """Term and minor units: the worth of each rest that it took or lost. FREEZE takes none."""
    fingerprints: tuple[str, ...] = ()
    extension: bool = False


@dataclass(frozen=True)
class Termination:
    """Time or money given back; one refund may hold several, by CASCADE."""

    refund_id: str
    term_id: str
    at: int
    share: Fraction
    shortens: bool
    hold: bool
    amount: int
    release_trial: bool

    @property
    def full(self) -> bool:
        return self.shortens and self.share == 1


@dataclass(frozen=True)
class Pause:
    """A stop, and the moment from which the term ran on, if it did."""

    term_id: str
    at: int
    resumed: int | None = None


@dataclass(frozen=True)
class Thaw:
    """A frozen remainder had begun when something new came into its lane: it then keeps this place."""

    term_id: str
    order: Order


@dataclass(frozen=True)
class History:
    """Every fact of one member, in the order in which they were accepted."""

    terms: tuple[Term, ...] = ()
    terminations: tuple[Termination, ...] = ()
    reinstated: frozenset[str] = frozenset()
    pauses: tuple[Pause, ...] = ()
    thaws: tuple[Thaw, ...] = ()

    def term(self, term_id: str) -> Term | None:
        return next((term for term in self.terms if term.term_id == term_id), None)

    def terminations_of(self, term_id: str) -> list[Termination]:
        """Those in force, by instant."""
        found = [
            one
            for one in self.terminations
            if one.term_id == term_id and one.refund_id not in self.reinstated
        ]
        return sorted(found, key=lambda one: one.at)

    def refunded(self, term_id: str) -> int:
        """Minor units given back so far."""
        return sum(one.amount for one in self.terminations_of(term_id))

    def lanes(self) -> list[int]:
        return sorted({term.lane for term in self.terms})


def plain(name: object, prefix: str, default: str) -> str:
    """An enum value without its prefix; absent and UNSPECIFIED are the default."""
    text = str(name or "").removeprefix(prefix)
    return default if text in ("", "UNSPECIFIED") else text


def card_of(catalog: Mapping[str, Any], sku_id: str) -> Card | None:
    """The SKU as the catalogue has it now."""
    sku = next((one for one in catalog["skus"] if one["sku_id"] == sku_id), None)
    if sku is None:
        return None
    spu = spu_of(catalog, sku["spu_id"])
    count, unit = period_of(sku["duration"])
    fixed = sku.get("fixed_period")
    rounding = plain(
        sku.get("end_rounding"), "END_ROUNDING_", "END_OF_LOCAL_DAY" if unit == "DAY" else "EXACT"
    )
    return Card(
        sku=sku_id,
        spu=sku["spu_id"],
        zone=spu.get("zone") or "Asia/Shanghai",
        count=count,
        unit=unit,
        price=int(sku["price"].get("amount_minor", 0)),
        end_of_day=rounding == "END_OF_LOCAL_DAY",
        continuous=plain(sku.get("renewal_anchor"), "RENEWAL_ANCHOR_", "CONTINUOUS") == "CONTINUOUS",
        grace_days=sku.get("grace_days", 0),
        horizon=period_of(sku["horizon"]) if "horizon" in sku else (3 * count, unit),
        trial_family=sku.get("trial_family", ""),
        sources=tuple(sku.get("sources", ())),
        channels=tuple(plain(one, "ACQUISITION_CHANNEL_", "") for one in sku.get("acquisition_channels", ())),
        fixed_period=(_month_day(fixed["start"]), _month_day(fixed["roll_over"])) if fixed else None,
        on_sale=(_timestamp(sku.get("sale_start_time")), _timestamp(sku.get("sale_end_time"))),
    )


def spu_of(catalog: Mapping[str, Any], spu_id: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in catalog["spus"] if one["spu_id"] == spu_id)
    return found


def period_of(period: Mapping[str, Any]) -> tuple[int, str]:
    return period["count"], plain(period["unit"], "PERIOD_UNIT_", "")


def _timestamp(text: str | None) -> int | None:
    return None if text is None else (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def _month_day(day: Mapping[str, Any]) -> tuple[int, int]:
    return day["month"], day["day"]
