"""Applying a catalogue, and making and voiding physical cards."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.identity.cards import CardBatch, hash_of
from domain.identity.catalog import Catalog, Channel
from domain.identity.catalog_check import Draft, violations
from domain.identity.catalog_diff import Change, diff, numbered
from domain.identity.ports import IdentityPorts
from domain.identity.wanted import sku_of
from domain.shared.doing import Doing
from domain.shared.errors import FieldViolation, Invalid, Raced, Refused
from domain.shared.instants import Instant


@dataclass(frozen=True)
class ApplyCatalog:
    """Replace the catalogue. `expected_revision` 0: whichever is current."""

    draft: Draft
    expected_revision: int


@dataclass(frozen=True)
class Applied:
    """The revision in force afterwards, and what changed."""

    revision: int
    changes: Sequence[Change]
    warnings: Sequence[str]


@dataclass(frozen=True)
class Planned:
    """What applying a catalogue would do; None if it contradicts itself, with everything that is wrong."""

    applied: Applied | None
    violations: Sequence[FieldViolation] = ()


@dataclass(frozen=True)
class CreateCardBatch:
    """Make physical cards; the codes come from the edge, which has the randomness."""

    batch_id: str
    sku_id: str
    source: str
    codes: tuple[str, ...]
    opens: Instant | None
    closes: Instant


@dataclass(frozen=True)
class VoidCards:
    """Void a whole batch, or single codes."""

    batch_id: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Voided:
    """How many cards are newly void, were redeemed before, and are unknown."""

    voided: int
    redeemed_before: int
    unknown: int


def catalog_of(draft: Draft) -> Catalog:
    """A draft as a catalogue without a revision; duplicates must have been refused before."""
    return Catalog(
        revision=0,
        spus={spu.spu_id: spu for spu in draft.spus},
        skus={sku.sku_id: sku for sku in draft.skus},
        relations={(row.held, row.bought): row.relation for row in draft.relations},
        rules=tuple(draft.rules),
    )


def apply_catalog(command: ApplyCatalog, ports: IdentityPorts, doing: Doing) -> Applied:
    """Make a new revision of what changed, and keep the old ones.

    Raises Invalid (CATALOG_INCONSISTENT) with every violation, and Raced (STALE_VERSION).
    """
    if found := violations(command.draft):
        raise Invalid(found, "CATALOG_INCONSISTENT", "the catalogue contradicts itself")
    old = ports.catalogs.latest()
    wanted = catalog_of(command.draft)
    applied = _applied(old, wanted, command.expected_revision)
    if applied.changes:
        retired = [sku_id for sku_id in (old.skus if old else {}) if sku_id not in wanted.skus]
        ports.catalogs.add(numbered(old, wanted, ports.catalogs.highest_versions()), retired, doing.now)
    return applied


def plan_catalog(command: ApplyCatalog, ports: IdentityPorts, _: Doing) -> Planned:
    """What applying it would do, or everything that is wrong with it. Raises Raced (STALE_VERSION)."""
    if found := violations(command.draft):
        return Planned(None, found)
    wanted = catalog_of(command.draft)
    return Planned(_applied(ports.catalogs.latest(), wanted, command.expected_revision))


def _applied(old: Catalog | None, wanted: Catalog, expected_revision: int) -> Applied:
    revision = old.revision if old else 0
    if expected_revision and expected_revision != revision:
        raise Raced("STALE_VERSION", "the catalogue has changed", current_version=str(revision))
    changes = diff(old, wanted)
    return Applied(revision + 1 if changes else revision, changes, _warnings(old, wanted))


def _warnings(old: Catalog | None, new: Catalog) -> list[str]:
    used = {sku.spu_id for sku in new.skus.values()}
    found = [f"SPU {spu_id} has no SKU" for spu_id in sorted(set(new.spus) - used)]
    if old:
        gone = sorted(set(old.skus) - set(new.skus))
        found += [f"SKU {sku_id} is retired: terms already placed keep their time" for sku_id in gone]
    return found


def create_card_batch(command: CreateCardBatch, ports: IdentityPorts, doing: Doing) -> CardBatch:
    """Keep the hashes of new codes. Raises Refused (SOURCE_NOT_ALLOWED), NotFound (SKU_NOT_FOUND)."""
    sku = sku_of(ports.catalogs.current(doing.now), command.sku_id, ports.catalogs)
    if not sku.sold_by(command.source, Channel.PHYSICAL_CARD):
        raise Refused(
            "SOURCE_NOT_ALLOWED",
            f"{sku.sku_id} is not given as a physical card of this source",
            sku_id=sku.sku_id,
            source=command.source,
            channel=Channel.PHYSICAL_CARD.value,
        )
    opens = doing.now if command.opens is None else command.opens
    if opens >= command.closes:
        description = "the activation window closes before it opens"
        raise Invalid([FieldViolation("activation_end_time", "WINDOW_EMPTY", description)])
    batch = CardBatch(
        command.batch_id, command.sku_id, command.source, len(command.codes), opens, command.closes
    )
    ports.cards.add(batch, [hash_of(code) for code in command.codes])
    return batch


def void_cards(command: VoidCards, ports: IdentityPorts, doing: Doing) -> Voided:
    """Make unspent cards worthless. Raises Invalid (neither or both ways), NotFound."""
    if bool(command.batch_id) == bool(command.codes):
        raise Invalid([FieldViolation("batch_id", "ONE_OF", "give either a batch or codes")])
    if command.batch_id:
        ports.cards.batch(command.batch_id)
    hashes = list(dict.fromkeys(hash_of(code) for code in command.codes))
    known = [code_hash for code_hash in hashes if ports.cards.find(code_hash)]
    voided, redeemed = ports.cards.void(command.batch_id, known, doing.reason)
    return Voided(voided, redeemed, len(hashes) - len(known))
