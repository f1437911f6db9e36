"""Catalogues: whole documents, one a revision, never changed. Revisions read once stay in memory."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from domain.identity.catalog import Catalog, Rule, Sku, Spu
from domain.identity.catalog_check import RelationRow
from domain.shared.errors import NotFound, Raced
from domain.shared.instants import Instant
from servers.identity.codec import decode, encode
from servers.identity.sql.documents import CatalogDocument
from servers.identity.sql.tables import catalog as catalogs
from servers.identity.sql.tables import sku_version
from servers.store.faults import is_duplicate

_NEWEST = select(func.max(catalogs.c.revision))


class CatalogMemory:
    """The revisions that this process has read."""

    def __init__(self) -> None:
        self.by_revision: dict[int, Catalog] = {}


class SqlCatalogs:
    """The port `Catalogs` over one connection."""

    def __init__(self, connection: Connection, memory: CatalogMemory) -> None:
        self._connection = connection
        self._memory = memory
        self._in_force: tuple[Instant, Catalog] | None = None

    def current(self, at: Instant) -> Catalog:
        if self._in_force is None or self._in_force[0] != at:
            found = self._connection.scalar(_NEWEST.where(catalogs.c.effective_time <= at))
            if found is None:
                raise NotFound("CATALOG_NOT_FOUND", "no catalogue was in force then")
            self._in_force = (at, self.revision(found))
        return self._in_force[1]

    def latest(self) -> Catalog | None:
        found = self._connection.scalar(_NEWEST)
        return None if found is None else self.revision(found)

    def revision(self, number: int) -> Catalog:
        if number not in self._memory.by_revision:
            query = select(catalogs.c.content).where(catalogs.c.revision == number)
            content = self._connection.scalars(query).one()
            self._memory.by_revision[number] = _catalog_of(decode(CatalogDocument, content))
        return self._memory.by_revision[number]

    def effective(self, number: int) -> Instant:
        """From when a revision is in force."""
        query = select(catalogs.c.effective_time).where(catalogs.c.revision == number)
        found: Instant = self._connection.scalars(query).one()
        return found

    def highest_versions(self) -> dict[str, int]:
        rows = self._connection.execute(
            select(sku_version.c.sku_id, func.max(sku_version.c.version)).group_by(sku_version.c.sku_id)
        )
        return {row.sku_id: row[1] for row in rows}

    def add(self, catalog: Catalog, retired: Sequence[str], now: Instant) -> None:
        document = CatalogDocument(
            revision=catalog.revision,
            spus=tuple(catalog.spus.values()),
            skus=tuple(catalog.skus.values()),
            relations=tuple(RelationRow(*pair, relation) for pair, relation in catalog.relations.items()),
            rules=tuple(catalog.rules),
            versions=catalog.versions,
        )
        known = self.highest_versions()
        row = {"revision": catalog.revision, "effective_time": now, "content": encode(document)}
        try:
            self._connection.execute(insert(catalogs), [row])
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("STALE_VERSION", "another catalogue was applied at this moment") from error
            raise
        news = [
            _version_row(catalog.skus[sku_id], version, catalog.revision, now)
            for sku_id, version in catalog.versions.items()
            if version > known.get(sku_id, 0)
        ]
        before = self.revision(catalog.revision - 1) if retired else None
        if before:
            news += [
                {**_version_row(before.skus[sku_id], known[sku_id] + 1, catalog.revision, now), "retired": 1}
                for sku_id in retired
            ]
        if news:
            self._connection.execute(insert(sku_version), news)


def _version_row(sku: Sku, version: int, revision: int, now: Instant) -> dict[str, object]:
    return {
        "sku_id": sku.sku_id,
        "version": version,
        "catalog_revision": revision,
        "effective_time": now,
        "retired": 0,
        "content": encode(sku),
    }


def _catalog_of(document: CatalogDocument) -> Catalog:
    spus: Sequence[Spu] = document.spus
    rules: Sequence[Rule] = document.rules
    return Catalog(
        revision=document.revision,
        spus={spu.spu_id: spu for spu in spus},
        skus={sku.sku_id: sku for sku in document.skus},
        relations={(row.held, row.bought): row.relation for row in document.relations},
        rules=rules,
        versions=document.versions,
    )
