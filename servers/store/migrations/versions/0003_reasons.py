"""Keeps why: the reason of the request that caused an event, and of the one that voided a card.

Rows of before have none. A server that does not know the columns yet leaves them empty.
"""

from sqlalchemy import Column, String

from servers.store.migrations.additive import add_column

revision = "0003"
down_revision = "0002"

REASON = String(200)


def upgrade() -> None:
    add_column("identity_event", Column("reason", REASON, nullable=False, server_default=""))
    add_column("identity_card", Column("void_reason", REASON, nullable=False, server_default=""))
