"""The schema, as numbered steps.

`versions/NNNN_<what>.py`: each step only adds, says at its top why, and spells its tables out: a step
that called today's table helpers would change when they do. One table, `alembic_version`, says how far a
database has come, whichever services live in it.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from domain.shared.errors import Unavailable
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine

WAIT_SECONDS = 60
"""How long one process waits for another that migrates."""


def migrate(url: str, to: str = "head") -> None:
    """Bring the database up to step `to`; nothing happens if it is there already.

    Safe to run from several processes at once: one does it, the others wait and find it done. A run that
    was killed half way is finished by the next. Raises Unavailable (STORE_UNAVAILABLE) if another process
    has not finished in time, and the driver's errors.
    """
    with _connected(url) as connection, _alone(connection):
        command.upgrade(_alembic(connection=connection), to)
        connection.commit()


def current(url: str) -> str | None:
    """The step that the database has reached, such as "0001"; None before the first."""
    with _connected(url) as connection:
        return step_of(connection)


def step_of(connection: Connection) -> str | None:
    """As `current`, of a database that is open, if only for reading."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The last step there is."""
    return ScriptDirectory.from_config(_alembic()).get_current_head()


def as_sql(url: str, to: str = "head") -> str:
    """All steps from the first to `to` as SQL, for those whose databases are changed by hand."""
    script = io.StringIO()
    command.upgrade(_alembic(url=url, output=script), to, sql=True)
    return script.getvalue()


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = blocking_engine(StoreConfig(url, pool_size=1, lock_wait_seconds=WAIT_SECONDS))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "sqlite":
        # The transaction took the write lock as it began, and SQLite keeps or drops DDL with it.
        connection.begin()
        yield
        return
    lock = text("SELECT GET_LOCK(CONCAT('nectary migrations ', DATABASE()), :seconds)")
    if connection.execute(lock, {"seconds": WAIT_SECONDS}).scalar() != 1:
        raise Unavailable("STORE_UNAVAILABLE", "another process has been migrating for too long")
    # The lock belongs to the connection, which closes at the end, killed or not.
    yield


def _alembic(**attributes: object) -> Config:
    config = Config()
    config.set_main_option("script_location", "servers.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    if "output" in attributes:
        config.output_buffer = attributes["output"]  # type: ignore[assignment]  # a TextIO, by as_sql
    return config
