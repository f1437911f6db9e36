"""Keeps why something was asked for, and lets a refund id wait for one payment of a member only.

The reason stands in the event that a request caused, and in the card that it voided. Rows of before, and
those of a server that does not know these columns yet, have no reason and no member: such refunds are
found by their orders alone, whose life is half an hour.
"""

from sqlalchemy import Column, String

from servers.store.migrations.additive import add_column, create_index

revision = "0003"
down_revision = "0002"

REASON = String(200)


def upgrade() -> None:
    add_column("identity_event", Column("reason", REASON, nullable=False, server_default=""))
    add_column("identity_card", Column("void_reason", REASON, nullable=False, server_default=""))
    add_column("identity_refund_notice", Column("member_id", String(36)))
    create_index("identity_refund_notice", "member_id", "refund_id", unique=True)
