"""Honey: lots that live on as their member is active, and what of undone earnings is waived.

A server that does not know the columns yet rewrites a sliding lot as one that does not slide, and forgets
what was waived: give no such lots, and let no programme waive, before all servers are new.
"""

from sqlalchemy import BigInteger, Column, Integer, String

from servers.store.migrations.additive import INSTANT, add_column

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    add_column("honey_wallet", Column("renew_time", INSTANT))
    add_column("honey_wallet", Column("waived", BigInteger, nullable=False, server_default="0"))
    add_column("honey_wallet", Column("forgone", BigInteger, nullable=False, server_default="0"))
    add_column("honey_lot", Column("sliding_count", Integer))
    add_column("honey_lot", Column("sliding_unit", String(8)))
    add_column("honey_lot", Column("waived", BigInteger, nullable=False, server_default="0"))
