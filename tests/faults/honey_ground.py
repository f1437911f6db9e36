"""Where a server of Honey is killed again and again, and what must hold of every wallet then."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, func, select

from clients import Channel, EarningClient, WalletClient
from domain.honey.accounts import Account
from domain.honey.verifying import Verifier
from domain.honey.wallets import Standing
from nectary.honey.v1 import calendar_pb2, earning_rules_pb2, earning_service_pb2
from nectary.honey.v1 import honey_pb2 as honey
from servers.honey.slice import STREAM
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.tables import common, counter, lot, metadata, rule_earning, transaction, wallet
from servers.honey.sql.transactions import EVENTS, transactions_behind
from servers.honey.sql.unit import Unit
from servers.honey.told_orders import SECKILL_PAID
from tests.faults.process import Nursery
from tests.faults.service_ground import Service, ServiceGround, service_ground

PROGRAMME = "honey"
SCENE, PAYS = "order.paid", "tea_house"
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
    told = Counter[tuple[str, int]](map(tuple, connection.execute(_TOLD)))
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
    yield from _not_what_was_counted(connection)


_TOLD = select(common.outbox.c.subject, common.outbox.c.seq).where(common.outbox.c.type.in_(EVENTS.values()))


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


def _not_what_was_counted(connection: Connection) -> Iterator[str]:
    """The caps of the ground are for ever: a counter has what was earned by it and not taken back (HO-10)."""
    counted = Counter[tuple[str, str]]()
    rows = connection.execute(
        select(rule_earning.c.rule_id, rule_earning.c.wallet_id, lot.c.earned - lot.c.reversed).join(
            lot, lot.c.lot_id == rule_earning.c.lot_id
        )
    )
    for rule_id, wallet_id, points in rows:
        counted[rule_id, wallet_id.rpartition(":")[2]] += int(points)
        counted[rule_id, ""] += int(points)
    for rule_id, member_id, used in connection.execute(
        select(counter.c.rule_id, counter.c.member_id, counter.c.used)
    ):
        if used != counted[rule_id, member_id]:
            whose = member_id or "all"
            yield f"rule {rule_id} of {whose}: counted {used}, gave {counted[rule_id, member_id]}"


class HoneyClients(WalletClient):
    """Wallets, and what earns points."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self.earning = EarningClient(channel)


HONEY = Service(
    name="honey",
    stream=STREAM,
    metadata=metadata,
    common=common,
    facts=transaction,
    heads=wallet,
    subject="wallet_id",
    client=HoneyClients,
    amiss=amiss,
)

HoneyGround = ServiceGround[HoneyClients]


@asynccontextmanager
async def honey_ground(
    url: str, redis_url: str, nursery: Nursery, folder: Path
) -> AsyncIterator[HoneyGround]:
    """A ground with one programme, its server without jobs."""
    async with service_ground(HONEY, url, redis_url, nursery, folder) as made:
        rules = honey.Rules(programmes=[honey.Programme(programme_id=PROGRAMME, scenes=the_scenes())])
        await made.client.earning.apply_rules(rules, request_id="rules")
        await made.client.adjust_points(PROGRAMME, merchant_id=PAYS, points=10**9, reason="credit")
        # From now on the budget is a row that is there, whoever earns.
        await made.client.earning.record_event(PROGRAMME, "first", an_order("first"), request_id="first")
        yield made


def the_scenes() -> list[earning_rules_pb2.Scene]:
    """Orders that callers tell of, and flash sales, of which Seckill tells."""
    award = earning_rules_pb2.ProportionalPoints(points=1, per_minor=10, currency="CNY")
    sold = earning_rules_pb2.EarningRule(
        rule_id="sold", version=1, award=earning_rules_pb2.Award(proportional=award)
    )
    return [_orders(), earning_rules_pb2.Scene(scene_id=SECKILL_PAID, rules=[sold])]


def _orders() -> earning_rules_pb2.Scene:
    """A budget, a cap of each member, and a merchant who pays for some."""
    for_ever = calendar_pb2.WINDOW_LIFETIME
    award = earning_rules_pb2.ProportionalPoints(points=1, per_minor=10, currency="CNY")
    base = earning_rules_pb2.EarningRule(
        rule_id="base",
        version=1,
        award=earning_rules_pb2.Award(proportional=award),
        caps=[
            earning_rules_pb2.Cap(points=10**12, window=for_ever, scope=earning_rules_pb2.SCOPE_EVERYBODY),
            earning_rules_pb2.Cap(points=10**6, window=for_ever),
        ],
    )
    paid_for = earning_rules_pb2.EarningRule(
        rule_id="present", version=1, award=earning_rules_pb2.Award(fixed_points=5), merchant_id=PAYS
    )
    return earning_rules_pb2.Scene(scene_id=SCENE, mode=earning_rules_pb2.MODE_ALL, rules=[base, paid_for])


def an_order(order_id: str, spend_id: str = "", spent: int = 0) -> earning_service_pb2.EarningEvent:
    """Of two items, of which points may have been spent on the first."""
    event = earning_service_pb2.EarningEvent(
        event_id=order_id, scene=SCENE, currency="CNY", spend_transaction_id=spend_id
    )
    event.event_time.GetCurrentTime()
    event.event_time.nanos -= event.event_time.nanos % 1_000
    for item_id, paid, points in (("tea", 900, spent), ("cup", 450, 0)):
        event.items.add(item_id=item_id, paid_minor=paid, spent_points=points)
    return event
