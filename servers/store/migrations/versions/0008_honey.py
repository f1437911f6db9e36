"""Honey: rules, wallets, lots, transactions with their entries, holds, spends, and the common tables.

The checks hold the promises of the ledger by themselves: the accounts of a wallet add up to zero, and none
has less than it can have.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Integer,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
)

from servers.store.migrations.additive import BYTES, INSTANT, SERIAL, SHA256, create_index, create_table

revision = "0008"
down_revision = "0007"

ABOVE_ZERO = (
    "pending",
    "active",
    "held",
    "spent",
    "expired",
    "reversed",
    "credit",
    "granted",
    "receivable",
)
BELOW_ZERO = ("issued", "debt", "purchased", "redeemed")
ACCOUNTS = (
    "issued",
    "pending",
    "active",
    "held",
    "debt",
    "spent",
    "expired",
    "reversed",
    "transferred",
    "purchased",
    "credit",
    "granted",
    "redeemed",
    "receivable",
)


def upgrade() -> None:
    _wallets()
    _transactions()
    _common()


def _wallets() -> None:
    create_table(
        "honey_rules",
        Column("revision", BigInteger, nullable=False, autoincrement=False),
        Column("effective_time", INSTANT, nullable=False),
        Column("actor", String(128), nullable=False),
        Column("reason", String(200), nullable=False),
        Column("content", BYTES, nullable=False),
        PrimaryKeyConstraint("revision", name="pk_honey_rules"),
    )
    create_table(
        "honey_wallet",
        Column("wallet_id", String(64), nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("lots", BigInteger, nullable=False),
        *(Column(account, BigInteger, nullable=False) for account in ACCOUNTS),
        Column("effective_time", INSTANT, nullable=False),
        Column("next_due_time", INSTANT),
        Column("link", SHA256, nullable=False),
        PrimaryKeyConstraint("wallet_id", name="pk_honey_wallet"),
        CheckConstraint(f"{' + '.join(ACCOUNTS)} = 0", name="ck_honey_wallet_sum"),
        *(CheckConstraint(f"{account} >= 0", name=f"ck_honey_wallet_{account}") for account in ABOVE_ZERO),
        *(CheckConstraint(f"{account} <= 0", name=f"ck_honey_wallet_{account}") for account in BELOW_ZERO),
    )
    create_index("honey_wallet", "next_due_time")
    create_table(
        "honey_lot",
        Column("lot_id", String(64), nullable=False),
        Column("wallet_id", String(64), nullable=False),
        Column("number", BigInteger, nullable=False),
        Column("earned", BigInteger, nullable=False),
        Column("active_time", INSTANT, nullable=False),
        Column("expire_time", INSTANT),
        Column("funding", String(36), nullable=False),
        Column("priority", Integer, nullable=False),
        Column("cause", String(64), nullable=False),
        Column("pending", BigInteger, nullable=False),
        Column("active", BigInteger, nullable=False),
        Column("held", BigInteger, nullable=False),
        Column("owed", BigInteger, nullable=False),
        Column("expired", BigInteger, nullable=False),
        Column("reversed", BigInteger, nullable=False),
        Column("due_time", INSTANT),
        Column("burnable", Integer, nullable=False),
        Column("burn_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("lot_id", name="pk_honey_lot"),
        CheckConstraint(
            "earned > 0 AND pending >= 0 AND active >= 0 AND held >= 0"
            " AND owed >= 0 AND expired >= 0 AND reversed >= 0",
            name="ck_honey_lot_points",
        ),
    )
    burn_order = ("wallet_id", "burnable", "priority", "burn_time", "active_time", "number")
    create_index("honey_lot", *burn_order, called="burn_order")
    create_index("honey_lot", "wallet_id", "due_time")
    create_index("honey_lot", "wallet_id", "owed")
    create_index("honey_lot", "wallet_id", "number")
    create_table(
        "honey_hold",
        Column("hold_id", String(64), nullable=False),
        Column("wallet_id", String(64), nullable=False),
        Column("state", String(16), nullable=False),
        Column("asked", BigInteger, nullable=False),
        Column("confirmed", BigInteger, nullable=False),
        Column("made_time", INSTANT, nullable=False),
        Column("expire_time", INSTANT, nullable=False),
        Column("parts", BYTES, nullable=False),
        PrimaryKeyConstraint("hold_id", name="pk_honey_hold"),
    )
    create_index("honey_hold", "wallet_id", "state")
    create_table(
        "honey_spend",
        Column("transaction_id", String(64), nullable=False),
        Column("wallet_id", String(64), nullable=False),
        Column("merchant_id", String(36), nullable=False),
        Column("parts", BYTES, nullable=False),
        PrimaryKeyConstraint("transaction_id", name="pk_honey_spend"),
    )


def _transactions() -> None:
    create_table(
        "honey_transaction",
        Column("wallet_id", String(64), nullable=False),
        Column("seq", BigInteger, nullable=False, autoincrement=False),
        Column("kind", String(16), nullable=False),
        Column("effective_time", INSTANT, nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        Column("transaction_id", String(64), nullable=False),
        Column("actor", String(128), nullable=False),
        Column("cause", String(64), nullable=False),
        Column("reason", String(200), nullable=False),
        Column("balances", BYTES, nullable=False),
        Column("link", SHA256, nullable=False),
        PrimaryKeyConstraint("wallet_id", "seq", name="pk_honey_transaction"),
    )
    create_index("honey_transaction", "wallet_id", "effective_time", "seq")
    create_index("honey_transaction", "transaction_id")
    create_table(
        "honey_entry",
        Column("wallet_id", String(64), nullable=False),
        Column("seq", BigInteger, nullable=False, autoincrement=False),
        Column("place", Integer, nullable=False, autoincrement=False),
        Column("account", String(16), nullable=False),
        Column("points", BigInteger, nullable=False),
        Column("lot_id", String(64), nullable=False),
        PrimaryKeyConstraint("wallet_id", "seq", "place", name="pk_honey_entry"),
    )


def _common() -> None:
    create_table(
        "honey_outbox",
        Column("id", SERIAL, nullable=False, autoincrement=True),
        *_event(),
        Column("published_time", INSTANT),
        Column("attempts", Integer, nullable=False),
        PrimaryKeyConstraint("id", name="pk_honey_outbox"),
        UniqueConstraint("event_id", name="uq_honey_outbox_event_id"),
    )
    create_index("honey_outbox", "published_time", "id")
    create_table(
        "honey_inbox",
        Column("consumer_group", String(64), nullable=False),
        Column("event_id", String(36), nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("consumer_group", "event_id", name="pk_honey_inbox"),
    )
    create_index("honey_inbox", "recorded_time")
    create_table(
        "honey_idempotency",
        Column("caller", String(128), nullable=False),
        Column("request_id", String(64), nullable=False),
        Column("method", String(128), nullable=False),
        Column("body_hash", SHA256, nullable=False),
        Column("response", BYTES, nullable=False),
        Column("refusal", BYTES),
        Column("recorded_time", INSTANT, nullable=False),
        Column("expires_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("caller", "request_id", name="pk_honey_idempotency"),
    )
    create_index("honey_idempotency", "expires_time")
    create_table(
        "honey_dead_letter",
        Column("id", SERIAL, nullable=False, autoincrement=True),
        Column("consumer_group", String(64), nullable=False),
        *_event(),
        Column("error", String(1000), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("dead_time", INSTANT, nullable=False),
        Column("redriven_time", INSTANT),
        PrimaryKeyConstraint("id", name="pk_honey_dead_letter"),
        UniqueConstraint("consumer_group", "event_id", name="uq_honey_dead_letter_consumer_group_event_id"),
    )
    create_table(
        "honey_lease",
        Column("name", String(64), nullable=False),
        Column("holder", String(128), nullable=False),
        Column("fence", BigInteger, nullable=False),
        Column("expires_time", INSTANT, nullable=False),
        PrimaryKeyConstraint("name", name="pk_honey_lease"),
    )


def _event() -> "list[Column[object]]":
    return [
        Column("event_id", String(36), nullable=False),
        Column("type", String(64), nullable=False),
        Column("version", Integer, nullable=False),
        Column("subject", String(64), nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("effective_time", INSTANT, nullable=False),
        Column("recorded_time", INSTANT, nullable=False),
        Column("causation_id", String(64), nullable=False),
        Column("correlation_id", String(64), nullable=False),
        Column("actor", String(128), nullable=False),
        Column("payload", BYTES, nullable=False),
    ]
