"""Honey: how far members are with tasks."""

from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, String

from servers.store.migrations.additive import BYTES, INSTANT, create_table

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    create_table(
        "honey_task_progress",
        Column("programme_id", String(16), nullable=False),
        Column("member_id", String(36), nullable=False),
        Column("task_id", String(36), nullable=False),
        Column("version", Integer, nullable=False, autoincrement=False),
        Column("start_time", INSTANT, nullable=False, autoincrement=False),
        Column("value", BigInteger, nullable=False),
        Column("counted", BYTES, nullable=False),
        Column("completed_time", INSTANT),
        Column("told", BigInteger, nullable=False),
        PrimaryKeyConstraint(
            "programme_id", "member_id", "task_id", "version", "start_time", name="pk_honey_task_progress"
        ),
    )
