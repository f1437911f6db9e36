"""Documents as they are stored: what is looked up by one key and never searched inside."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.identity.catalog import Rule, Sku, Spu
from domain.identity.catalog_check import RelationRow


@dataclass(frozen=True)
class CatalogDocument:
    """One revision of the catalogue."""

    revision: int
    spus: tuple[Spu, ...]
    skus: tuple[Sku, ...]
    relations: tuple[RelationRow, ...]
    rules: tuple[Rule, ...]
    versions: Mapping[str, int]
