"""In which order identities are shown (S10). Ordering only: it decides no right."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from domain.identity.announcing import Holding
from domain.identity.catalog import Catalog


@dataclass(frozen=True)
class Weights:
    """One version of the SPU weights that the weight job computed; SPUs not named keep the catalogue's."""

    version: int
    by_spu: Mapping[str, int]

    def of(self, catalog: Catalog, spu_id: str) -> int:
        if spu_id in self.by_spu:
            return self.by_spu[spu_id]
        return catalog.spus[spu_id].display_weight if spu_id in catalog.spus else 0


NO_WEIGHTS = Weights(0, {})
LAST_POSITION = 1_001
"""Behind every manual position."""


def in_display_order(held: list[Holding], catalog: Catalog, weights: Weights) -> list[Holding]:
    """Manual position, weight, rank, later end, SKU id: a total order of one member's identities."""

    def key(item: Holding) -> tuple[int, int, int, int, str, str]:
        sku = catalog.skus.get(item.sku_id)
        spu = catalog.spus.get(sku.spu_id) if sku else None
        position = spu.display_position if spu else 0
        weight = weights.of(catalog, sku.spu_id) if sku else 0
        rank = sku.rank if sku else 0
        return (position or LAST_POSITION, -weight, -rank, -item.end, item.sku_id, item.lane_id)

    return sorted(held, key=key)


MAX_WEIGHT = 1_000_000
VIEWS_A_USE = 20
"""Views that count as much as one use: a used right says more than a glance."""
HYSTERESIS = Fraction(1, 5)
"""A weight moves only if the attention it reflects changed by more than this part."""


@dataclass(frozen=True, slots=True)
class Attention:
    """Uses and views of one SPU in the window that the job looks at."""

    uses: int
    views: int

    @property
    def score(self) -> Fraction:
        return self.uses + Fraction(self.views, VIEWS_A_USE)


def reweigh(current: Weights, attention: Mapping[str, Attention]) -> Weights:
    """Weights in proportion to attention, the most attended at the maximum.

    With hysteresis: a weight stays as it is until it would change by more than a fifth, so that cards
    do not change places with every click. Answers `current` itself if nothing moves.
    """
    most = max((item.score for item in attention.values()), default=Fraction(0))
    if not most:
        return current
    moved = dict(current.by_spu)
    for spu_id, item in attention.items():
        aim = int(item.score / most * MAX_WEIGHT)
        known = moved.get(spu_id)
        if known is None or abs(aim - known) > HYSTERESIS * max(known, 1):
            moved[spu_id] = aim
    return current if moved == dict(current.by_spu) else Weights(current.version + 1, moved)
