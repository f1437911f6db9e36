"""Where a server of Honey is killed again and again, and what must hold of every wallet then."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, func, select

from clients import EarningClient, WalletClient
from domain.honey.accounts import Account
from domain.honey.verifying import Verifier
from domain.honey.wallets import Standing
from nectary.honey.v1 import honey_pb2 as honey
from servers.honey.slice import STREAM
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.tables import common, lot, metadata, transaction, wallet
from servers.honey.sql.transactions import transactions_behind
from servers.honey.sql.unit import Unit
from tests.faults.process import Nursery
from tests.faults.service_ground import Service, ServiceGround, service_ground

PROGRAMME = "honey"
CHUNK = 500

IN_LOTS = {
    Account.PENDING: lot.c.pending,
    Account.ACTIVE: lot.c.active,
    Account.HELD: lot.c.held,
    Account.DEBT: -lot.c.owed,
    Account.EXPIRED: lot.c.expired,
}
"""What the lots of a wallet add up to. REVERSED is not among them, for other lots may pay for one."""


def amiss(connection: Connection) -> Iterator[str]:
    """What is wrong with the books, in words: a wallet is its entries, its lots, its chain, its events."""
    told = Counter[tuple[str, int]](map(tuple, connection.execute(select(*_EVENTS))))
    happened = set(map(tuple, connection.execute(select(transaction.c.wallet_id, transaction.c.seq))))
    if told != Counter(happened):
        yield f"transactions and events differ: {told - Counter(happened) or happened - told.keys()}"
    unit, transferred = Unit(connection, RulesMemory()), 0
    for wallet_id in connection.scalars(select(wallet.c.wallet_id)).all():
        standing = unit.ports.wallets.get(wallet_id)
        transferred += standing.balance(Account.TRANSFERRED)
        yield from _not_its_past(connection, standing)
        yield from _not_its_lots(connection, standing)
    if transferred:
        yield f"between wallets {transferred} points were made"


_EVENTS = (common.outbox.c.subject, common.outbox.c.seq)


def _not_its_past(connection: Connection, standing: Standing) -> Iterator[str]:
    """The verifier adds up the entries, and computes each link anew."""
    verifier = Verifier()
    balances = None
    while rows := transactions_behind(connection, standing.wallet_id, verifier.version, CHUNK):
        if broken := verifier.take(rows):
            yield f"{standing.wallet_id}: transaction {broken} does not follow"
            return
        balances = rows[-1].balances
    if (verifier.version, verifier.link, balances) != (standing.version, standing.link, standing.balances):
        yield f"{standing.wallet_id}: its past ends as {balances}, and it stands as {standing}"
    if sum(standing.balances.values()):
        yield f"{standing.wallet_id}: adds up to {sum(standing.balances.values())}"


def _not_its_lots(connection: Connection, standing: Standing) -> Iterator[str]:
    sums = [func.coalesce(func.sum(points), 0) for points in IN_LOTS.values()]
    found = connection.execute(select(*sums).where(lot.c.wallet_id == standing.wallet_id)).one()
    for account, points in zip(IN_LOTS, found, strict=True):
        if int(points) != standing.balance(account):
            yield f"{standing.wallet_id}: {points} {account} in lots, not {standing.balance(account)}"


HONEY = Service(
    name="honey",
    stream=STREAM,
    metadata=metadata,
    common=common,
    facts=transaction,
    heads=wallet,
    subject="wallet_id",
    client=WalletClient,
    amiss=amiss,
)

HoneyGround = ServiceGround[WalletClient]


@asynccontextmanager
async def honey_ground(
    url: str, redis_url: str, nursery: Nursery, folder: Path
) -> AsyncIterator[HoneyGround]:
    """A ground with one programme, its server without jobs."""
    async with service_ground(HONEY, url, redis_url, nursery, folder) as made:
        rules = honey.Rules(programmes=[honey.Programme(programme_id=PROGRAMME)])
        await EarningClient(made.channel).apply_rules(rules, request_id="rules")
        yield made
