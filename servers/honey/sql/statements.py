"""What moved in a wallet in a period, and how it stood at an instant."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, select

from domain.honey.accounts import Account
from domain.honey.due import opened
from domain.honey.transactions import Kind, Transaction
from domain.honey.wallet import BY_ITSELF
from domain.honey.wallets import Standing
from domain.shared.doing import Doing
from domain.shared.instants import Instant
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.tables import entry, transaction
from servers.honey.sql.transactions import last_transaction_by
from servers.honey.sql.unit import Unit

NOBODY = "nobody"
"""Of transactions that are due and not written yet: they are only looked at."""


@dataclass(frozen=True)
class Look:
    """A wallet at an instant, and what was due by then but not written yet."""

    standing: Standing
    unwritten: Sequence[Transaction] = ()


@dataclass(frozen=True)
class Movement:
    """What all transactions of a kind have brought an account, or taken."""

    kind: Kind
    account: Account
    points: int
    transactions: int


@dataclass(frozen=True)
class Statement:
    """Opening, and all that moved, is closing."""

    opening: Standing
    movements: Sequence[Movement]
    closing: Standing


def look(connection: Connection, memory: RulesMemory, wallet_id: str, at: Instant) -> Look:
    """Raises NotFound (PROGRAMME_NOT_FOUND), and Raced if another writer moved it on meanwhile."""
    unit = Unit(connection, memory)
    stored = unit.ports.wallets.get(wallet_id)
    if stored.effective > at:
        return Look(_as_of(last_transaction_by(connection, wallet_id, at), wallet_id))
    wallet = opened(unit.ports, wallet_id, Doing(NOBODY, "", at), BY_ITSELF)
    if wallet.posted:
        unit.confirm()
    return Look(wallet.standing, wallet.posted)


def statement(
    connection: Connection, memory: RulesMemory, wallet_id: str, start: Instant, end: Instant
) -> Statement:
    """Of `[start, end)`. Raises as `look` does."""
    opening = look(connection, memory, wallet_id, start - 1).standing
    closing = look(connection, memory, wallet_id, end - 1)
    points, counts = Counter[tuple[Kind, Account]](), Counter[tuple[Kind, Account]]()
    for kind, account, moved, transactions in connection.execute(_moved(wallet_id, start, end)):
        points[Kind(kind), Account(account)] = int(moved)
        counts[Kind(kind), Account(account)] = transactions
    for each in closing.unwritten:
        if each.effective >= start:
            for item in each.entries:
                points[each.kind, item.account] += item.points
            counts.update({(each.kind, item.account) for item in each.entries})
    movements = [
        Movement(kind, account, points[kind, account], counts[kind, account])
        for kind in Kind
        for account in Account
        if (kind, account) in counts
    ]
    return Statement(opening, movements, closing.standing)


def _moved(wallet_id: str, start: Instant, end: Instant) -> Select[str, str, int, int]:
    return (
        select(
            transaction.c.kind,
            entry.c.account,
            func.sum(entry.c.points),
            func.count(entry.c.seq.distinct()),
        )
        .join(entry, (entry.c.wallet_id == transaction.c.wallet_id) & (entry.c.seq == transaction.c.seq))
        .where(
            transaction.c.wallet_id == wallet_id,
            transaction.c.effective_time >= start,
            transaction.c.effective_time < end,
        )
        .group_by(transaction.c.kind, entry.c.account)
    )


def _as_of(last: Transaction | None, wallet_id: str) -> Standing:
    if last is None:
        return Standing(wallet_id)
    return Standing(
        wallet_id, version=last.seq, balances=last.balances, effective=last.effective, link=last.link
    )
