"""Honey's tables. Transactions and entries are only ever added; the others follow from them.

The checks hold the promises of the ledger by themselves: the accounts of a wallet add up to zero (HO-1), and
none has less than it can have (HO-3).
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table

from domain.honey.accounts import BELOW_ZERO, EITHER_SIDE, Account
from servers.store.columns import BYTES, INSTANT, SHA256, TABLE, identifier, new_metadata
from servers.store.tables import CALLER_LENGTH, service_tables

metadata = new_metadata()
common = service_tables("honey", metadata)

WALLET_ID = identifier(64)
TRANSACTION_ID = identifier(64)
REASON = String(200)
"""Why, in the words of whoever asked: the bound of the contract."""

LATER = frozenset({Account.WAIVED, Account.FORGONE})
"""Columns that came later: without checks, as SQLite adds none. The sum of the two is zero by itself."""
_SUM = " + ".join(account.value.lower() for account in Account if account not in LATER)


def _possible(account: Account) -> CheckConstraint:
    name = account.value.lower()
    return CheckConstraint(f"{name} {'<=' if account in BELOW_ZERO else '>='} 0", name=name)


def _balance(account: Account) -> Column[int]:
    name = account.value.lower()
    if account in LATER:
        return Column(name, BigInteger, nullable=False, server_default="0")
    return Column(name, BigInteger, nullable=False)


rules = Table(
    "honey_rules",
    metadata,
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("effective_time", INSTANT, nullable=False),
    Column("actor", identifier(CALLER_LENGTH), nullable=False),
    Column("reason", REASON, nullable=False),
    Column("content", BYTES, nullable=False),
    **TABLE,
)

wallet = Table(
    "honey_wallet",
    metadata,
    Column("wallet_id", WALLET_ID, primary_key=True),
    # Of the last transaction: the optimistic lock of all writes of one wallet.
    Column("version", BigInteger, nullable=False),
    Column("lots", BigInteger, nullable=False),
    *(_balance(account) for account in Account),
    Column("effective_time", INSTANT, nullable=False),
    # Nothing falls due by itself before it, so that a job finds the wallets where something does.
    Column("next_due_time", INSTANT),
    # What the member does before it prolongs no lot; NULL: no lot slides.
    Column("renew_time", INSTANT),
    Column("link", SHA256, nullable=False),
    # What the member is told beside transactions: up to when, and from when on there is more.
    Column("tier_looked_time", INSTANT),
    Column("tier_turn_time", INSTANT),
    Column("tier_period_time", INSTANT),
    Column("tier_lacking", BigInteger, nullable=False, server_default="0"),
    Column("noticed_time", INSTANT, nullable=False, server_default="0"),
    Column("notice_turn_time", INSTANT),
    Column("told", BigInteger, nullable=False, server_default="0"),
    Index(None, "tier_turn_time"),
    Index(None, "notice_turn_time"),
    Index(None, "next_due_time"),
    CheckConstraint(f"{_SUM} = 0", name="sum"),
    *(_possible(account) for account in Account if account not in EITHER_SIDE | LATER),
    **TABLE,
)

lot = Table(
    "honey_lot",
    metadata,
    Column("lot_id", TRANSACTION_ID, primary_key=True),
    Column("wallet_id", WALLET_ID, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("earned", BigInteger, nullable=False),
    Column("active_time", INSTANT, nullable=False),
    Column("expire_time", INSTANT),
    Column("funding", identifier(), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("cause", identifier(64), nullable=False),
    Column("pending", BigInteger, nullable=False),
    Column("active", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("owed", BigInteger, nullable=False),
    Column("expired", BigInteger, nullable=False),
    Column("reversed", BigInteger, nullable=False),
    # When something happens to it next by itself.
    Column("due_time", INSTANT),
    # 1 while there is something active of it, and `expire_time` as burn order has it, where never is last.
    Column("burnable", Integer, nullable=False),
    Column("burn_time", INSTANT, nullable=False),
    # It lives on as the member is active, for so long; NULL: it does not.
    Column("sliding_count", Integer),
    Column("sliding_unit", identifier(8)),
    Column("waived", BigInteger, nullable=False, server_default="0"),
    Index(
        "ix_honey_lot_burn_order", "wallet_id", "burnable", "priority", "burn_time", "active_time", "number"
    ),
    Index(None, "wallet_id", "due_time"),
    Index(None, "wallet_id", "owed"),
    Index(None, "wallet_id", "number"),
    CheckConstraint(
        "earned > 0 AND pending >= 0 AND active >= 0 AND held >= 0"
        " AND owed >= 0 AND expired >= 0 AND reversed >= 0",
        name="points",
    ),
    **TABLE,
)

transaction = Table(
    "honey_transaction",
    metadata,
    Column("wallet_id", WALLET_ID, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", identifier(16), nullable=False),
    Column("effective_time", INSTANT, nullable=False),
    Column("recorded_time", INSTANT, nullable=False),
    Column("transaction_id", TRANSACTION_ID, nullable=False),
    Column("actor", identifier(CALLER_LENGTH), nullable=False),
    Column("cause", identifier(64), nullable=False),
    Column("reason", REASON, nullable=False),
    Column("balances", BYTES, nullable=False),
    Column("link", SHA256, nullable=False),
    Index(None, "wallet_id", "effective_time", "seq"),
    Index(None, "transaction_id"),
    **TABLE,
)

entry = Table(
    "honey_entry",
    metadata,
    Column("wallet_id", WALLET_ID, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    # 0, 1, 2 … in the transaction.
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("account", identifier(16), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("lot_id", TRANSACTION_ID, nullable=False),
    **TABLE,
)

hold = Table(
    "honey_hold",
    metadata,
    Column("hold_id", TRANSACTION_ID, primary_key=True),
    Column("wallet_id", WALLET_ID, nullable=False),
    Column("state", identifier(16), nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("confirmed", BigInteger, nullable=False),
    Column("made_time", INSTANT, nullable=False),
    Column("expire_time", INSTANT, nullable=False),
    Column("parts", BYTES, nullable=False),
    Index(None, "wallet_id", "state"),
    **TABLE,
)

spend = Table(
    "honey_spend",
    metadata,
    Column("transaction_id", TRANSACTION_ID, primary_key=True),
    Column("wallet_id", WALLET_ID, nullable=False),
    Column("merchant_id", identifier(), nullable=False),
    Column("parts", BYTES, nullable=False),
    **TABLE,
)

event = Table(
    "honey_event",
    metadata,
    Column("programme_id", identifier(16), primary_key=True),
    Column("event_id", identifier(64), primary_key=True),
    # As it was told; NULL as long as only refunds of it have come.
    Column("content", BYTES),
    Column("revision", BigInteger, nullable=False),
    Column("refunded", BYTES, nullable=False),
    # The optimistic lock of an order's refunds.
    Column("version", BigInteger, nullable=False),
    **TABLE,
)

rule_earning = Table(
    "honey_rule_earning",
    metadata,
    Column("lot_id", TRANSACTION_ID, primary_key=True),
    Column("programme_id", identifier(16), nullable=False),
    Column("event_id", identifier(64), nullable=False),
    Column("wallet_id", WALLET_ID, nullable=False),
    Column("rule_id", identifier(), nullable=False),
    Column("revision", BigInteger, nullable=False),
    # The factor of its multipliers, exactly.
    Column("numerator", BigInteger, nullable=False),
    Column("denominator", BigInteger, nullable=False),
    Column("room", BigInteger),
    Column("takings", BYTES, nullable=False),
    Column("occurred_time", INSTANT, nullable=False),
    Index(None, "programme_id", "event_id"),
    Index(None, "wallet_id", "rule_id", "occurred_time"),
    **TABLE,
)

task_progress = Table(
    "honey_task_progress",
    metadata,
    Column("programme_id", identifier(16), primary_key=True),
    Column("member_id", identifier(), primary_key=True),
    Column("task_id", identifier(), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # When its period starts.
    Column("start_time", INSTANT, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
    Column("counted", BYTES, nullable=False),
    Column("completed_time", INSTANT),
    # How many events there were of it: their numbers, and its optimistic lock.
    Column("told", BigInteger, nullable=False),
    **TABLE,
)

movement = Table(
    "honey_movement",
    metadata,
    Column("wallet_id", WALLET_ID, primary_key=True),
    # Of the transaction that brought it.
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("lot_id", TRANSACTION_ID, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("effective_time", INSTANT, nullable=False),
    Column("recorded_time", INSTANT, nullable=False),
    Column("earned_time", INSTANT),
    Index(None, "lot_id"),
    **TABLE,
)

counter = Table(
    "honey_counter",
    metadata,
    Column("programme_id", identifier(16), primary_key=True),
    # Empty: of everybody together.
    Column("member_id", identifier(), primary_key=True),
    Column("rule_id", identifier(), primary_key=True),
    Column("scope", identifier(16), primary_key=True),
    Column("window", identifier(16), primary_key=True),
    Column("start_time", INSTANT, primary_key=True, autoincrement=False),
    Column("used", BigInteger, nullable=False),
    CheckConstraint("used >= 0", name="used"),
    **TABLE,
)
