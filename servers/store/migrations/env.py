"""Alembic runs this file for every command; `migrations/__init__.py` says on which connection."""

from alembic import context

from servers.store.config import parsed_url


def _run() -> None:
    attributes = context.config.attributes
    if context.is_offline_mode():
        context.configure(dialect_name=parsed_url(attributes["url"]).drivername, literal_binds=True)
    else:
        context.configure(connection=attributes["connection"])
    with context.begin_transaction():
        context.run_migrations()


_run()
