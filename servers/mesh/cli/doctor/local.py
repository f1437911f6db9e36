"""What this machine is set up for: settings, database, Redis, libraries."""

import os
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from servers.mesh.cli.doctor.finding import Finding, fail, first_line, ok
from servers.mesh.cli.doctor.stores import look_at_redis
from servers.mesh.config import Config, load
from servers.mesh.settings import ConfigError
from servers.mesh.wiring import SLICES
from servers.store import migrations
from servers.store.config import StoreConfig, sqlite_path
from servers.store.engine import blocking_engine, sqlite_reader

_LIBRARIES = ("grpcio", "protobuf", "sqlalchemy", "redis")


async def look_at_machine(config_file: Path | None) -> AsyncIterator[Finding]:
    """Versions, then settings, then what they name, if they can be read."""
    yield ok("versions", ", ".join(_versions()))
    try:
        config = load(config_file, os.environ)
    except ConfigError as error:
        for problem in error.problems:
            yield fail("settings", str(problem), "nectary serve would not start")
        return
    yield ok("settings", f"store {config.describe()['store_url']}, redis {config.describe()['redis_url']}")
    for url in dict.fromkeys(config.store_url_of(service) for service in SLICES):
        for finding in _database(config, url):
            yield finding
    async for finding in look_at_redis(config):
        yield finding


def _versions() -> Iterator[str]:
    try:
        yield f"nectary {version('nectary')}"
    except PackageNotFoundError:
        yield "nectary (not installed)"
    yield f"Python {python_version()}"
    for library in _LIBRARIES:
        yield f"{library} {version(library)}"


def _database(config: Config, url: str) -> Iterator[Finding]:
    store = StoreConfig(url=url, pool_size=1)
    if store.is_sqlite and not sqlite_path(url).exists():
        yield ok("database", f"{sqlite_path(url)} is made by the first `nectary serve`")
        return
    # Read only: a look must not wait for the process that writes, nor make it wait.
    engine = sqlite_reader(store) if store.is_sqlite else blocking_engine(store)
    function = "sqlite_version()" if store.is_sqlite else "version()"
    try:
        with engine.connect() as connection:
            server = connection.execute(text(f"SELECT {function}")).scalar_one()  # one of two constants
            reached = migrations.step_of(connection)
    except SQLAlchemyError as error:
        yield fail("database", first_line(error), "is it running, and is store_url right?")
        return
    finally:
        engine.dispose()
    yield ok("database", f"{'SQLite' if store.is_sqlite else 'MySQL'} {server}")
    if reached == migrations.newest():
        yield ok("schema", f"step {reached}")
    else:
        detail = f"step {reached or 'none'}, this version needs {migrations.newest()}"
        yield fail("schema", detail, "nectary migrate; or if it is ahead, a newer nectary")
