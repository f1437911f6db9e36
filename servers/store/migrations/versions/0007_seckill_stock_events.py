"""Counts what is told of an activity's stock: this numbers StockReturned and ActivitySoldOut in the outbox.

A server that does not know the column yet tells of orders only, and leaves the count as it is.
"""

from sqlalchemy import BigInteger, Column

from servers.store.migrations.additive import add_column

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    add_column("seckill_activity", Column("moves", BigInteger, nullable=False, server_default="0"))
