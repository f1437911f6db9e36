"""What changed between two catalogues, and which SKUs get a new version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum, StrEnum
from typing import Any

from domain.identity.catalog import Catalog


class ChangeKind(StrEnum):
    """How an item changed."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"


@dataclass(frozen=True)
class Change:
    """One difference: `skus/gold_annual`, and the fields that differ as `old -> new`."""

    kind: ChangeKind
    item: str
    fields: tuple[str, ...] = ()


def diff(old: Catalog | None, new: Catalog) -> list[Change]:
    """Every difference, in the order spus, skus, relations, rules, each by id."""
    return [
        *_compare("spus", dict(old.spus) if old else {}, new.spus),
        *_compare("skus", dict(old.skus) if old else {}, new.skus),
        *_compare("relations", _relations(old), _relations(new)),
        *_compare("rules", _rules(old), _rules(new)),
    ]


def numbered(old: Catalog | None, new: Catalog, latest: Mapping[str, int]) -> Catalog:
    """The new catalogue as the next revision: a SKU keeps its version unless it changed or came back.

    `latest` is the highest version that each SKU ever had.
    """
    versions = {}
    for sku_id, sku in new.skus.items():
        same = old is not None and old.skus.get(sku_id) == sku
        versions[sku_id] = old.versions[sku_id] if old and same else latest.get(sku_id, 0) + 1
    return replace(new, revision=(old.revision if old else 0) + 1, versions=versions)


def _relations(catalog: Catalog | None) -> Mapping[str, Any]:
    if catalog is None:
        return {}
    return {f"{held}>{bought}": relation for (held, bought), relation in catalog.relations.items()}


def _rules(catalog: Catalog | None) -> Mapping[str, Any]:
    return {rule.rule_id: rule for rule in catalog.rules} if catalog else {}


def _compare(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if name not in old:
            yield Change(ChangeKind.ADDED, f"{kind}/{name}")
        elif name not in new:
            yield Change(ChangeKind.REMOVED, f"{kind}/{name}")
        elif old[name] != new[name]:
            yield Change(ChangeKind.CHANGED, f"{kind}/{name}", tuple(_fields(old[name], new[name])))


def _fields(old: Any, new: Any) -> Iterator[str]:
    for field in fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before != after:
            yield f"{field.name}: {_shown(before)} -> {_shown(after)}"


def _shown(value: Any) -> str:
    match value:
        case None:
            return "none"
        case Enum():
            return str(value.value)
        case frozenset() | tuple():
            return "[" + ", ".join(sorted(_shown(item) for item in value)) + "]"
        case _ if is_dataclass(value):
            return " ".join(_shown(getattr(value, field.name)) for field in fields(value))
        case _:
            return str(value)
