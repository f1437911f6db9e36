"""Honey: qualifying movements, and up to when members were told of their tiers and of points that expire.

A server that does not know the columns yet forgets what a member was told, who may then hear of it again.
"""

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, String

from servers.store.migrations.additive import INSTANT, add_column, create_index, create_table

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    add_column("honey_wallet", Column("tier_looked_time", INSTANT))
    add_column("honey_wallet", Column("tier_turn_time", INSTANT))
    add_column("honey_wallet", Column("tier_period_time", INSTANT))
    add_column("honey_wallet", Column("tier_lacking", BigInteger, nullable=False, server_default="0"))
    add_column("honey_wallet", Column("noticed_time", INSTANT, nullable=False, server_default="0"))
    add_column("honey_wallet", Column("notice_turn_time", INSTANT))
    add_column("honey_wallet", Column("told", BigInteger, nullable=False, server_default="0"))
    create_index("honey_wallet", "tier_turn_time")
    create_index("honey_wallet", "notice_turn_time")
    create_table(
        "honey_movement",
        Column("wallet_id", String(64), nullable=False),
        Column("seq", BigInteger, nullable=False, autoincrement=False),
        Column("lot_id", String(64), nullable=False),
        Column("points", BigInteger, nullable=False),
        Column("effective_time", INSTANT, nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        Column("earned_time", INSTANT),
        PrimaryKeyConstraint("wallet_id", "seq", name="pk_honey_movement"),
    )
    create_index("honey_movement", "lot_id")
