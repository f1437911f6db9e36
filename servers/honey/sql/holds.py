"""The ports `Holds` and `Spends`."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, select

from domain.honey.holds import Hold, HoldState
from domain.honey.spends import Spend
from servers.honey.sql.documents import parts_document, parts_of
from servers.honey.sql.tables import hold, spend
from servers.store.overlay import Overlay
from servers.store.rows import insert_rows, update_rows

_ids: BindParameter[str] = bindparam("ids", expanding=True)
_SELECT_HOLDS = select(hold).where(hold.c.hold_id.in_(_ids))
_OPEN = select(hold).where(hold.c.wallet_id == bindparam("wallet_id"), hold.c.state == HoldState.OPEN.value)
_SELECT_SPENDS = select(spend).where(spend.c.transaction_id.in_(_ids))


class SqlHolds:
    """The port `Holds` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows: Overlay[str, Hold] = Overlay(self._load)
        self._of_wallet: dict[str, dict[str, None]] = {}
        """The holds that are known of a wallet whose open ones were read."""

    def get(self, hold_id: str) -> Hold | None:
        return self.rows.get(hold_id)

    def open(self, wallet_id: str) -> Sequence[Hold]:
        if wallet_id not in self._of_wallet:
            found = [_hold(row) for row in self._connection.execute(_OPEN, {"wallet_id": wallet_id})]
            for each in found:
                self.rows.learn(each.hold_id, each)
            unwritten = [each for each in self.rows.unwritten().values() if each.wallet_id == wallet_id]
            self._of_wallet[wallet_id] = dict.fromkeys(each.hold_id for each in [*found, *unwritten])
        known = [self.rows.known(hold_id) for hold_id in self._of_wallet[wallet_id]]
        return [each for each in known if each and each.is_open]

    def put(self, hold: Hold) -> None:
        self.rows.put(hold.hold_id, hold)
        if hold.wallet_id in self._of_wallet:
            self._of_wallet[hold.wallet_id][hold.hold_id] = None

    def flush(self) -> None:
        """Their wallets' versions, written before, say that nobody else changed them."""
        insert_rows(self._connection, hold, [_hold_row(each) for each in self.rows.fresh()])
        update_rows(self._connection, hold, [_hold_row(each) for each in self.rows.changed()])

    def _load(self, ids: Sequence[str]) -> Mapping[str, Hold]:
        return {
            row.hold_id: _hold(row) for row in self._connection.execute(_SELECT_HOLDS, {"ids": list(ids)})
        }


class SqlSpends:
    """The port `Spends` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows: Overlay[str, Spend] = Overlay(self._load)

    def get(self, transaction_id: str) -> Spend | None:
        return self.rows.get(transaction_id)

    def put(self, spend: Spend) -> None:
        self.rows.put(spend.transaction_id, spend)

    def flush(self) -> None:
        """As those of holds."""
        insert_rows(self._connection, spend, [_spend_row(each) for each in self.rows.fresh()])
        update_rows(self._connection, spend, [_spend_row(each) for each in self.rows.changed()])

    def _load(self, ids: Sequence[str]) -> Mapping[str, Spend]:
        rows = self._connection.execute(_SELECT_SPENDS, {"ids": list(ids)})
        return {row.transaction_id: _spend(row) for row in rows}


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        hold_id=row.hold_id,
        wallet_id=row.wallet_id,
        parts=parts_of(row.parts),
        asked=row.asked,
        made=row.made_time,
        expires=row.expire_time,
        state=HoldState(row.state),
        confirmed=row.confirmed,
    )


def _hold_row(each: Hold) -> dict[str, object]:
    return {
        "hold_id": each.hold_id,
        "wallet_id": each.wallet_id,
        "state": each.state.value,
        "asked": each.asked,
        "confirmed": each.confirmed,
        "made_time": each.made,
        "expire_time": each.expires,
        "parts": parts_document(each.parts),
    }


def _spend(row: Row[Any]) -> Spend:
    return Spend(row.transaction_id, row.wallet_id, parts_of(row.parts), row.merchant_id)


def _spend_row(each: Spend) -> dict[str, object]:
    return {
        "transaction_id": each.transaction_id,
        "wallet_id": each.wallet_id,
        "merchant_id": each.merchant_id,
        "parts": parts_document(each.parts),
    }
