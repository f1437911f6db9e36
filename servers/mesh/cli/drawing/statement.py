"""A statement as a table that adds up: a column an account, opening above, closing below."""

from rich.table import Table

from nectary.honey.v1 import honey_pb2, wallet_service_pb2
from servers.mesh.cli.words import word_of

_OPENING: dict[int, str] = {
    honey_pb2.ACCOUNT_PENDING: "pending_points",
    honey_pb2.ACCOUNT_ACTIVE: "active_points",
    honey_pb2.ACCOUNT_HELD: "held_points",
    honey_pb2.ACCOUNT_DEBT: "debt_points",
    honey_pb2.ACCOUNT_SPENT: "spent_points",
    honey_pb2.ACCOUNT_EXPIRED: "expired_points",
    honey_pb2.ACCOUNT_REVERSED: "reversed_points",
    honey_pb2.ACCOUNT_TRANSFERRED: "transferred_points",
    honey_pb2.ACCOUNT_WAIVED: "waived_points",
    honey_pb2.ACCOUNT_CREDIT: "credit_points",
    honey_pb2.ACCOUNT_GRANTED: "granted_points",
    honey_pb2.ACCOUNT_RECEIVABLE: "receivable_points",
}
"""The accounts that are shown, and what a balance calls them. The others are only the other side of these."""


def statement_table(found: wallet_service_pb2.GetStatementResponse) -> Table:
    """Accounts in which nothing is and nothing moved have no column."""
    moved: dict[tuple[int, int], int] = {(one.kind, one.account): one.points for one in found.movements}
    shown = [
        account
        for account in _OPENING
        if _points(found.opening, account) or any(of == account for _, of in moved)
    ]
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for account in shown:
        table.add_column(word_of(honey_pb2.Account.DESCRIPTOR, account), justify="right")
    table.add_row("opening", *(f"{_points(found.opening, account):,}" for account in shown))
    for kind in dict.fromkeys(one.kind for one in found.movements):
        word = word_of(honey_pb2.TransactionKind.DESCRIPTOR, kind)
        table.add_row(word, *(_signed(moved.get((kind, account), 0)) for account in shown))
    table.add_row("closing", *(f"{_points(found.closing, account):,}" for account in shown))
    return table


def _points(balance: honey_pb2.Balance, account: int) -> int:
    """As the account has it: a debt is below zero."""
    points: int = getattr(balance, _OPENING[account])
    return -points if account == honey_pb2.ACCOUNT_DEBT else points


def _signed(points: int) -> str:
    return f"{points:+,}" if points else ""
