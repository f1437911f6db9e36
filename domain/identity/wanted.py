"""What somebody wants to have: found in the catalogue, and held against what was used before."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.identity.catalog import Catalog, Channel, Sku
from domain.identity.placement import Acquisition
from domain.identity.ports import Catalogs, Claims
from domain.identity.terms import Cause, CauseKind
from domain.shared.errors import NotFound, Refused
from domain.shared.instants import Instant


@dataclass(frozen=True, slots=True)
class Purchase:
    """A card that a member wants to buy."""

    member_id: str
    sku_id: str
    source: str
    channel: Channel
    fingerprints: tuple[str, ...] = ()

    @property
    def trial_subjects(self) -> tuple[str, ...]:
        """Whom a trial is counted for: the member and every fingerprint."""
        return trial_subjects(self.member_id, self.fingerprints)


def trial_subjects(member_id: str, fingerprints: Sequence[str]) -> tuple[str, ...]:
    return (f"m:{member_id}", *(f"f:{fingerprint}" for fingerprint in fingerprints))


def trial_used(sku: Sku, subjects: Sequence[str], claims: Claims) -> bool:
    """Whether the SKU is a trial that one of the subjects has had."""
    return bool(sku.trial_family) and claims.trial_used(sku.trial_family, subjects)


def sku_of(catalog: Catalog, sku_id: str, catalogs: Catalogs) -> Sku:
    """Raises NotFound (SKU_NOT_FOUND), or Refused (SKU_NOT_ON_SALE) if a later catalogue retired it."""
    if sku_id in catalog.skus:
        return catalog.skus[sku_id]
    if sku_id in catalogs.highest_versions():
        raise Refused("SKU_NOT_ON_SALE", f"{sku_id} is not sold any more", sku_id=sku_id)
    raise NotFound("SKU_NOT_FOUND", f"the catalogue has no SKU {sku_id}", sku_id=sku_id)


def acquisition_of(
    purchase: Purchase, catalog: Catalog, at: Instant, term_id: str, catalogs: Catalogs
) -> Acquisition:
    """The term that a purchase would give at a moment. Raises what `sku_of` does."""
    sku = sku_of(catalog, purchase.sku_id, catalogs)
    return Acquisition(term_id, sku, at, Cause(CauseKind.ORDER, term_id), purchase.source, purchase.channel)
