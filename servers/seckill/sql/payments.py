"""Payments, each with its one fate."""

from collections.abc import Sequence

from sqlalchemy import BindParameter, Connection, bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from domain.seckill.payments import Payment, PaymentFate, RefundCause
from domain.shared.errors import Raced
from domain.shared.money import Money
from servers.seckill.sql.tables import payment as payments
from servers.store.faults import is_duplicate
from servers.store.rows import insert_rows

_ids: BindParameter[str] = bindparam("ids", expanding=True)
_SELECT = select(payments).where(payments.c.payment_id.in_(_ids))
_DELETE = delete(payments).where(payments.c.payment_id.in_(_ids))


def payments_by_id(connection: Connection, payment_ids: Sequence[str]) -> list[Payment]:
    if not payment_ids:
        return []
    return [
        Payment(
            payment_id=row.payment_id,
            order_id=row.order_id,
            activity_id=row.activity_id,
            amount=Money(row.currency, row.amount),
            paid=row.paid_time,
            fate=PaymentFate(row.fate),
            cause=RefundCause(row.cause) if row.cause else None,
        )
        for row in connection.execute(_SELECT, {"ids": list(payment_ids)})
    ]


def write_payments(connection: Connection, new: Sequence[Payment], changed: Sequence[Payment]) -> None:
    """Raises Raced if another activity was told of one of the new ones meanwhile."""
    if changed:
        connection.execute(_DELETE, {"ids": [payment.payment_id for payment in changed]})
    try:
        insert_rows(connection, payments, [_row(payment) for payment in (*new, *changed)])
    except IntegrityError as error:
        if is_duplicate(error):
            raise Raced("TRANSACTION_RACED", "another activity was told of this payment") from error
        raise


def _row(payment: Payment) -> dict[str, object]:
    return {
        "payment_id": payment.payment_id,
        "activity_id": payment.activity_id,
        "order_id": payment.order_id,
        "amount": payment.amount.amount,
        "currency": payment.amount.currency,
        "paid_time": payment.paid,
        "fate": payment.fate.value,
        "cause": payment.cause.value if payment.cause else "",
    }
