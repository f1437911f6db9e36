"""A table for tests of transactions: accounts that are counted up and entries that are kept."""

from sqlalchemy import Column, Connection, Integer, Table, func, insert, select, update

from servers.store.columns import TABLE, identifier, new_metadata

metadata = new_metadata()
ACCOUNTS = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("amount", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    **TABLE,
)
ENTRIES = Table("entry", metadata, Column("id", identifier(), primary_key=True), **TABLE)


def create(connection: Connection) -> None:
    metadata.create_all(connection)
    rows = [{"id": account, "amount": 0, "version": 0} for account in range(8)]
    connection.execute(insert(ACCOUNTS), rows)


def add(connection: Connection, account: int, amount: int = 1) -> None:
    mine = ACCOUNTS.c.id == account
    connection.execute(update(ACCOUNTS).where(mine).values(amount=ACCOUNTS.c.amount + amount))


def amount_of(connection: Connection, account: int) -> int:
    return int(connection.scalars(select(ACCOUNTS.c.amount).where(ACCOUNTS.c.id == account)).one())


def total(connection: Connection) -> int:
    return int(connection.scalars(select(func.sum(ACCOUNTS.c.amount))).one())


def enter(connection: Connection, entry_id: str) -> None:
    connection.execute(insert(ENTRIES), {"id": entry_id})


def entries(connection: Connection) -> set[str]:
    return set(connection.scalars(select(ENTRIES.c.id)))
