"""Bad input: the answer names the field, nothing is written, nothing of our insides leaks."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import MetaData, func, select

from clients import InvalidRequest, NectaryError
from nectary.identity.v1 import catalog_pb2 as cards
from nectary.identity.v1 import catalog_service_pb2 as catalogs
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine
from tests.wire.identity.bad_values import Case, broken
from tests.wire.identity.cards import a_catalog
from tests.wire.identity.golden import METHODS, PATHS, Story
from tests.wire.identity.mesh import Mesh
from tests.wire.identity.requests import new_id

INSIDES = ("Traceback", "sqlalchemy", "sqlite", "mysql", "SELECT", "INSERT", "UPDATE", "identity_", ".py")
ANSWERS = "identity_idempotency"
"""A refusal of the catalogue as a whole is an answer, and answers are kept."""


def _good(story: Story, name: str) -> Any:
    if name != "ApplyCatalog":
        return story.requests[name]
    # The same with one item of each kind, so that a broken field is cheap to find.
    whole = a_catalog()
    one = cards.Catalog(
        spus=whole.spus[:1], skus=whole.skus[:1], relations=whole.relations[:1], rules=whole.rules[:1]
    )
    return catalogs.ApplyCatalogRequest(request_id=new_id(), catalog=one)


def rows(mesh: Mesh) -> dict[str, int]:
    """How many rows each table has, the answers left out."""
    engine = blocking_engine(StoreConfig(mesh.store_url))
    found = MetaData()
    found.reflect(engine)
    with engine.connect() as connection:
        counts = {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in found.tables.items()
            if name != ANSWERS
        }
    engine.dispose()
    return counts


def leaks(told: str) -> bool:
    return any(inside in told for inside in INSIDES)


@pytest.mark.parametrize("name", METHODS)
async def test_every_field_of_every_request_has_bounds(story: Story, name: str) -> None:
    before = rows(story.mesh)
    wrong = []
    for case in broken(_good(story, name)):
        said = await _said(story.mesh, name, case)
        if said:
            wrong.append(f"{case}: {said}")
    assert not wrong, "\n".join(wrong)
    assert rows(story.mesh) == before


async def _said(mesh: Mesh, name: str, case: Case) -> str:
    """What is wrong with the answer to a bad request."""
    if hasattr(case.request, "request_id") and case.field != "request_id":
        case.request.request_id = new_id()
    try:
        async with asyncio.timeout(10):
            await mesh.call(PATHS[name], case.request)
    except InvalidRequest as error:
        fields = {violation.field for violation in error.violations}
        if leaks(told := f"{error} {dict(error.metadata)} {error.violations}"):
            return f"leaks: {told}"
        return "" if case.field in fields else f"names {sorted(fields)}"
    except NectaryError as error:
        return repr(error)
    return "taken"
