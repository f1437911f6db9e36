"""Orders, and refunds that came before their payment."""

from collections.abc import Mapping, Sequence

from sqlalchemy import BindParameter, Connection, bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from domain.identity.orders import Order, RefundNotice
from domain.shared.errors import NotFound, Raced
from servers.identity.codec import decode, encode
from servers.identity.sql.tables import order as orders
from servers.identity.sql.tables import refund_notice
from servers.store.faults import is_duplicate
from servers.store.keys import Among
from servers.store.overlay import Overlay
from servers.store.rows import insert_rows

_ids: BindParameter[str] = bindparam("ids", expanding=True)
_SELECT = select(orders.c.order_id, orders.c.version, orders.c.content).where(orders.c.order_id.in_(_ids))
_SELECT_NOTICES = (
    select(refund_notice.c.order_id, refund_notice.c.content)
    .where(refund_notice.c.order_id.in_(_ids))
    .order_by(refund_notice.c.order_id, refund_notice.c.recorded_time, refund_notice.c.refund_id)
)
_AMONG_REFUNDS = Among(refund_notice.c.member_id, refund_notice.c.refund_id, indexed=2)
_SELECT_BY_REFUND = select(
    refund_notice.c.member_id, refund_notice.c.refund_id, refund_notice.c.content
).where(_AMONG_REFUNDS.condition)
_AS_READ = Among(orders.c.order_id, orders.c.version, indexed=1)
_DELETE = delete(orders).where(_AS_READ.condition)


Refund = tuple[str, str]
"""A member and a refund id."""


class SqlOrders:
    """The port `Orders` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._versions: dict[str, int] = {}
        self.rows: Overlay[str, Order] = Overlay(self._load)
        self.waiting: Overlay[str, tuple[RefundNotice, ...]] = Overlay(self._load_notices)
        self.refunds: Overlay[Refund, RefundNotice] = Overlay(self._load_by_refund)

    def get(self, order_id: str) -> Order:
        found = self.rows.get(order_id)
        if found is None:
            raise NotFound("ORDER_NOT_FOUND", "there is no such order", order_id=order_id)
        return found

    def save(self, order: Order) -> None:
        self.rows.put(order.order_id, order)

    def notices(self, order_id: str) -> Sequence[RefundNotice]:
        return self.waiting.get(order_id) or ()

    def noticed(self, member_id: str, refund_id: str) -> RefundNotice | None:
        return self.refunds.get((member_id, refund_id))

    def notice(self, notice: RefundNotice) -> None:
        known = self.waiting.get(notice.order_id) or ()
        if all(other.refund_id != notice.refund_id for other in known):
            self.waiting.put(notice.order_id, (*known, notice))
            self.refunds.put((notice.member_id, notice.refund_id), notice)
            # The order moves on too: its payment must not pass by a refund that it did not see.
            self.rows.put(notice.order_id, self.get(notice.order_id))

    def flush(self) -> None:
        if changes := self.rows.changes():
            self._write(changes)
        notices = [
            _notice_row(notice)
            for _, before, after in self.waiting.changes()
            for notice in after[len(before or ()) :]
        ]
        try:
            insert_rows(self._connection, refund_notice, notices)
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("TRANSACTION_RACED", "another writer used this refund id") from error
            raise

    def _write(self, changes: Sequence[tuple[str, Order | None, Order]]) -> None:
        # Out with the old rows and in with the new: one statement each for any number of orders.
        known = [(order_id, self._versions[order_id]) for order_id, before, _ in changes if before]
        if known and self._connection.execute(_DELETE, _AS_READ.these(known)).rowcount != len(known):
            raise Raced("TRANSACTION_RACED", "another writer was first on an order")
        rows = [_row(order, self._versions.get(order_id, 0) + 1) for order_id, _, order in changes]
        insert_rows(self._connection, orders, rows)

    def _load(self, ids: Sequence[str]) -> Mapping[str, Order]:
        rows = self._connection.execute(_SELECT, {"ids": list(ids)}).all()
        self._versions |= {row.order_id: row.version for row in rows}
        return {row.order_id: decode(Order, row.content) for row in rows}

    def _load_notices(self, ids: Sequence[str]) -> Mapping[str, tuple[RefundNotice, ...]]:
        found: dict[str, tuple[RefundNotice, ...]] = {}
        for order_id, content in self._connection.execute(_SELECT_NOTICES, {"ids": list(ids)}):
            found[order_id] = (*found.get(order_id, ()), decode(RefundNotice, content))
        return found

    def _load_by_refund(self, refunds: Sequence[Refund]) -> Mapping[Refund, RefundNotice]:
        rows = self._connection.execute(_SELECT_BY_REFUND, _AMONG_REFUNDS.these(refunds))
        return {(row.member_id, row.refund_id): decode(RefundNotice, row.content) for row in rows}


def _row(order: Order, version: int) -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "member_id": order.member_id,
        "version": version,
        "state": order.state.value,
        "created_time": order.created,
        "expires_time": order.expires,
        "content": encode(order),
    }


def _notice_row(notice: RefundNotice) -> dict[str, object]:
    return {
        "order_id": notice.order_id,
        "member_id": notice.member_id,
        "refund_id": notice.refund_id,
        "recorded_time": notice.at,
        "content": encode(notice),
    }
