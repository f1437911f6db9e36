"""The migrated schema is the declared one, whoever migrates, how often and how many at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, inspect, text

from servers.honey.sql import tables as honey
from servers.identity.sql import tables as identity
from servers.risk.sql import tables as risk
from servers.seckill.sql import tables as seckill
from servers.store import migrations
from servers.store.config import StoreConfig
from servers.store.engine import blocking_engine


def declared() -> MetaData:
    """Every table that the migrations are to make, of every service."""
    everything = MetaData()
    for metadata in (honey.metadata, identity.metadata, risk.metadata, seckill.metadata):
        for table in metadata.sorted_tables:
            table.to_metadata(everything)
    return everything


def differences(url: str) -> list[object]:
    engine = blocking_engine(StoreConfig(url))
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), declared())
    engine.dispose()
    return list(found)


def test_the_migrated_schema_is_the_declared_one(store_url: str) -> None:
    migrations.migrate(store_url)

    assert differences(store_url) == []


def test_the_comparison_sees_a_difference(store_url: str) -> None:
    migrations.migrate(store_url)
    engine = blocking_engine(StoreConfig(store_url))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE identity_lease"))
    engine.dispose()

    assert differences(store_url) != []


def test_identifiers_compare_byte_by_byte_on_mysql(mysql_url: str) -> None:
    migrations.migrate(mysql_url)
    engine = blocking_engine(StoreConfig(mysql_url))
    with engine.connect() as connection:
        collations = connection.scalars(
            text(
                "SELECT DISTINCT collation_name FROM information_schema.columns "
                "WHERE table_schema = DATABASE() AND table_name LIKE 'identity%' "
                "AND collation_name IS NOT NULL"
            )
        ).all()
    engine.dispose()

    assert collations == ["utf8mb4_bin"]


def test_migrating_twice_changes_nothing(store_url: str) -> None:
    assert migrations.current(store_url) is None
    migrations.migrate(store_url)
    migrations.migrate(store_url)

    assert migrations.current(store_url) == migrations.newest()


def test_many_may_migrate_at_once(store_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrations.migrate, [store_url] * 4))

    assert migrations.current(store_url) == migrations.newest()
    assert differences(store_url) == []


@pytest.mark.parametrize("lost", ["identity_inbox", "identity_lease"])
def test_a_step_that_was_killed_half_way_is_finished(mysql_url: str, lost: str) -> None:
    """MySQL commits each statement by itself: a killed step leaves some of its tables behind."""
    migrations.migrate(mysql_url)
    engine = blocking_engine(StoreConfig(mysql_url))
    with engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {lost}"))
        connection.execute(text("DROP INDEX ix_identity_idempotency_expires_time ON identity_idempotency"))
        connection.execute(text("DELETE FROM alembic_version"))
    engine.dispose()

    migrations.migrate(mysql_url)

    assert differences(mysql_url) == []


def test_the_steps_can_be_read_as_sql(store_url: str) -> None:
    script = migrations.as_sql(store_url)
    migrations.migrate(store_url)
    engine = blocking_engine(StoreConfig(store_url))
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
    engine.dispose()

    assert [name for name in names if name not in script] == []
