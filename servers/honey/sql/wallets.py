"""The port `Wallets`: how wallets stand, under an optimistic lock, and the transactions that are added."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select
from sqlalchemy.exc import IntegrityError

from domain.honey.accounts import Account
from domain.honey.transactions import ACTIVITIES, Transaction
from domain.honey.wallets import Standing
from domain.honey.watching import Watch
from domain.shared.errors import Raced
from domain.shared.instants import Instant
from servers.honey.sql.tables import wallet
from servers.honey.sql.transactions import last_active, write_transactions
from servers.store.faults import is_duplicate
from servers.store.keys import Among
from servers.store.overlay import Log, Overlay
from servers.store.rows import insert_rows, update_rows

_ids: BindParameter[str] = bindparam("ids", expanding=True)
_SELECT = select(wallet).where(wallet.c.wallet_id.in_(_ids))
_AS_READ = Among(wallet.c.wallet_id, wallet.c.version, wallet.c.told, indexed=1)
# A member is told something without a transaction: the version alone does not say so.
_LOCK = select(wallet.c.wallet_id).where(_AS_READ.condition).with_for_update()


class SqlWallets:
    """The port `Wallets` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.standings: Overlay[str, Standing] = Overlay(self._load)
        self.transactions: Log[Transaction] = Log()

    def get(self, wallet_id: str) -> Standing:
        return self.standings.get(wallet_id) or Standing(wallet_id)

    def last_active(self, wallet_id: str, before: Instant) -> Instant | None:
        unwritten = [each for each in self.transactions.unwritten() if each.wallet_id == wallet_id]
        active = [each.effective for each in unwritten if each.kind in ACTIVITIES and each.effective < before]
        return active[-1] if active else last_active(self._connection, wallet_id, before)

    def append(self, before: Standing, transactions: Sequence[Transaction], after: Standing) -> None:
        if self.get(before.wallet_id).version != before.version:
            raise Raced("TRANSACTION_RACED", "the wallet has moved on")
        self.standings.put(after.wallet_id, after)
        self.transactions.add(*transactions)

    def lock(self) -> None:
        """Write how wallets stand: the first write of all, so that a lost race costs nothing."""
        known = [(each, was.version, was.watch.told) for each, was, _ in self.standings.changes() if was]
        if known and len(self._connection.execute(_LOCK, _AS_READ.these(known)).all()) != len(known):
            raise Raced("TRANSACTION_RACED", "another writer was first on a wallet")
        try:
            insert_rows(self._connection, wallet, [_row(each) for each in self.standings.fresh()])
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("TRANSACTION_RACED", "another writer opened this wallet") from error
            raise
        update_rows(self._connection, wallet, [_row(each) for each in self.standings.changed()])

    def flush(self) -> None:
        """Write the transactions."""
        write_transactions(self._connection, self.transactions.kept)

    def _load(self, ids: Sequence[str]) -> Mapping[str, Standing]:
        rows = self._connection.execute(_SELECT, {"ids": list(ids)}).mappings()
        return {row["wallet_id"]: _standing(row) for row in rows}


def _standing(row: Mapping[Any, Any]) -> Standing:
    balances = {account: row[account.value.lower()] for account in Account}
    return Standing(
        wallet_id=row["wallet_id"],
        version=row["version"],
        lots=row["lots"],
        balances={account: points for account, points in balances.items() if points},
        effective=row["effective_time"],
        next_due=row["next_due_time"],
        renews=row["renew_time"],
        watch=Watch(
            looked=row["tier_looked_time"],
            tier_turn=row["tier_turn_time"],
            period=row["tier_period_time"],
            lacking=row["tier_lacking"],
            noticed=row["noticed_time"],
            notice_turn=row["notice_turn_time"],
            told=row["told"],
        ),
        link=row["link"],
    )


def _row(standing: Standing) -> dict[str, object]:
    return {
        "wallet_id": standing.wallet_id,
        "version": standing.version,
        "lots": standing.lots,
        **{account.value.lower(): standing.balance(account) for account in Account},
        "effective_time": standing.effective,
        "next_due_time": standing.next_due,
        "renew_time": standing.renews,
        "tier_looked_time": standing.watch.looked,
        "tier_turn_time": standing.watch.tier_turn,
        "tier_period_time": standing.watch.period,
        "tier_lacking": standing.watch.lacking,
        "noticed_time": standing.watch.noticed,
        "notice_turn_time": standing.watch.notice_turn,
        "told": standing.watch.told,
        "link": standing.link,
    }
