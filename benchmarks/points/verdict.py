"""Whether a ledger is sound, from its tables alone: what the server said counts for nothing here."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from domain.honey.accounts import Account
from domain.honey.verifying import Verifier
from servers.honey.sql.transactions import transactions_behind
from servers.honey.sql.wallets import SqlWallets

CHUNK = 500
_OF_LOTS = {"pending": "pending", "active": "active", "held": "held", "expired": "expired"} | {
    "reversed": "reversed",
    "debt": "-owed",
}
"""Account → what the lots of a wallet have of it, together."""


def _unlike(sums: str, table: str, columns: Sequence[str]) -> str:
    """Wallets whose row says something else than the rows of another table."""
    differ = " OR ".join(f"w.{column} <> COALESCE(s.{column}, 0)" for column in columns)
    found = f"SELECT wallet_id, {sums} FROM {table} GROUP BY wallet_id"  # noqa: S608  # our own tables
    wallets = f"honey_wallet w LEFT JOIN ({found}) s ON s.wallet_id = w.wallet_id"
    return f"SELECT COUNT(*) FROM {wallets} WHERE {differ}"  # noqa: S608


_ACCOUNTS = {
    account.value.lower(): f"SUM(CASE WHEN account = '{account}' THEN points ELSE 0 END)"
    for account in Account
}
_CHECKS = {
    "wallets are not the sum of their entries": _unlike(
        ", ".join(f"{found} AS {name}" for name, found in _ACCOUNTS.items()), "honey_entry", list(_ACCOUNTS)
    ),
    "wallets are not the sum of their lots": _unlike(
        ", ".join(f"SUM({found}) AS {name}" for name, found in _OF_LOTS.items()), "honey_lot", list(_OF_LOTS)
    ),
    "wallets have other transactions than they number": _unlike(
        "COUNT(*) AS version", "honey_transaction", ["version"]
    ),
    "transactions do not add up to zero": (
        "SELECT COUNT(*) FROM (SELECT 1 FROM honey_entry GROUP BY wallet_id, seq HAVING SUM(points) <> 0) t"
    ),
    "lots have more points than they brought": (
        "SELECT COUNT(*) FROM honey_lot WHERE pending + active + held + expired + reversed - owed > earned"
    ),
}


def require_sound(connection: Connection, chains: Sequence[str]) -> None:
    """Sums of all wallets, and the chains of some. Raises AssertionError: the run is void."""
    for broken, query in _CHECKS.items():
        if found := connection.execute(text(query)).scalar_one():
            raise AssertionError(f"{found} {broken}: the run is void")
    for wallet_id in chains:
        _require_chain(connection, wallet_id)


def _require_chain(connection: Connection, wallet_id: str) -> None:
    verifier, standing = Verifier(), SqlWallets(connection).get(wallet_id)
    while found := transactions_behind(connection, wallet_id, verifier.version, CHUNK):
        if (wrong := verifier.take(found)) is not None:
            raise AssertionError(f"transaction {wrong} of {wallet_id} is not as it must be: the run is void")
    if (verifier.version, verifier.link) != (standing.version, standing.link):
        raise AssertionError(f"the chain of {wallet_id} does not end where its wallet says: the run is void")
