"""Jobs of Honey, killed at one step: what is due in several wallets (HO-11), and orders of other services."""

from datetime import UTC, datetime, timedelta

import orjson
import redis
from sqlalchemy import select

from domain.honey.accounts import Account
from domain.honey.transactions import Kind
from domain.honey.wallets import MEMBER, Owner, wallet_id_of
from domain.shared.instants import from_datetime
from servers.honey.intake import STREAMS
from servers.honey.sql.rules import RulesMemory
from servers.honey.sql.tables import transaction
from servers.honey.sql.unit import Unit
from servers.store.event import Event
from tests.faults.honey_ground import PROGRAMME, HoneyGround
from tests.faults.honey_stories import earned
from tests.faults.rounds import Fate, Round
from tests.faults.work import not_heard_once, until

DUE_IN = timedelta(seconds=0.8)
"""All at one instant, and late enough for everything to be prepared before."""
BY_THEMSELVES = (Kind.ACTIVATED, Kind.TIMED_OUT, Kind.EXPIRED)


class DueRounds:
    """In one wallet points become active, in another a hold times out, in a third points expire."""

    BEGINS = "^SQL SELECT honey_wallet.wallet_id, honey_wallet.version"
    """The first wallet is read."""

    def __init__(self, ground: HoneyGround) -> None:
        self._ground = ground

    async def killed_at(self, number: int) -> Round:
        """The fate is ONCE if nothing was left to do; each wallet is brought up to date by itself."""
        ground = self._ground
        member_id = ground.new_member()
        await ground.restart_with_jobs()
        await self._prepare(member_id)
        ground.server.die_at(self.BEGINS, number)
        await ground.server.death()
        step = ground.server.steps()[-1]
        found = self._happened(member_id)
        result = Round(step, Fate.ONCE if len(found) == len(BY_THEMSELVES) else Fate.NEVER)
        result.violations += ground.amiss()
        await ground.restart_with_jobs()
        await until(lambda: len(self._happened(member_id)) >= len(BY_THEMSELVES))
        await until(lambda: not ground.unpublished())
        await ground.downstream.consume()
        happened = self._happened(member_id)
        result.expect(sorted(happened) == sorted(BY_THEMSELVES), f"happened by themselves: {happened}")
        result.violations += [*ground.amiss(), *await not_heard_once(ground)]
        await ground.restart()
        return result

    async def _prepare(self, member_id: str) -> None:
        client, due = self._ground.client, datetime.now(UTC) + DUE_IN
        await earned(client, f"{member_id}-a", 10, active_at=due)
        await earned(client, f"{member_id}-b", 10)
        await client.hold_points(PROGRAMME, f"{member_id}-b", 5, expires_at=due)
        await earned(client, f"{member_id}-c", 10, expires_at=due)

    def _happened(self, member_id: str) -> list[str]:
        """The kinds of what happened by itself, and when nobody had asked."""
        wallets = [f"{PROGRAMME}:member:{member_id}-{which}" for which in "abc"]
        query = select(transaction.c.kind).where(
            transaction.c.wallet_id.in_(wallets), transaction.c.kind.in_(BY_THEMSELVES)
        )
        with self._ground.engine.connect() as connection:
            rows = connection.execute(query.where(transaction.c.actor == "job:due"))
            return [kind for (kind,) in rows]


class OrderRounds:
    """Two orders of a flash sale are paid, and the second cannot be delivered: read by a job that dies."""

    BEGINS = "^SQL SELECT honey_inbox"
    """Of the transaction that takes them."""
    ACKNOWLEDGES = "^Redis XACK"
    """After it: whoever reads next is given them again."""
    PAID_MINOR = 990
    COMES_TO = (198, 99)
    """Earned, and of that taken back."""

    def __init__(self, ground: HoneyGround) -> None:
        self._ground = ground

    async def killed_at(self, number: int) -> Round:
        """The fate is ONCE if the orders had their effect, NEVER if none of it was left."""
        return await self._killed(self.BEGINS, number)

    async def killed_before_it_acknowledges(self) -> Round:
        """At the step that makes the orders come again."""
        return await self._killed(self.ACKNOWLEDGES, 1)

    async def _killed(self, begins: str, number: int) -> Round:
        ground = self._ground
        member_id = ground.new_member()
        await ground.restart_with_jobs()
        ground.server.die_at(begins, number)
        self._tell(member_id)
        await ground.server.death()
        fates = {(0, 0): Fate.NEVER, self.COMES_TO: Fate.ONCE}
        step = ground.server.steps()[-1]
        result = Round(step, fates.get(self._points(member_id), Fate.BROKEN))
        result.violations += ground.amiss()
        await ground.restart_with_jobs()
        await until(lambda: self._points(member_id) == self.COMES_TO)
        self._tell(member_id)
        await until(self._is_all_taken)
        found = self._points(member_id)
        result.expect(found == self.COMES_TO, f"told again, the orders come to {found}")
        await until(lambda: not ground.unpublished())
        await ground.downstream.consume()
        result.violations += [*ground.amiss(), *await not_heard_once(ground)]
        await ground.restart()
        return result

    def _tell(self, member_id: str) -> None:
        """As Seckill's relay does."""
        now = from_datetime(datetime.now(UTC))
        paid = {
            "member_id": member_id,
            "quantity": 1,
            "currency": "CNY",
            "amount_minor": self.PAID_MINOR,
            "paid": now,
            "reserved": now,
            "scene": "",
        }
        kept, dropped = f"{member_id}-1", f"{member_id}-2"
        with redis.from_url(self._ground.redis_url) as client, client.pipeline() as at_once:
            for order_id, number, kind in (
                (kept, 1, "OrderPaid"),
                (dropped, 1, "OrderPaid"),
                (dropped, 2, "OrderRefunded"),
            ):
                payload = orjson.dumps(paid | {"order_id": order_id})
                event_id = f"{order_id}:{number}"
                event = Event(event_id, kind, 1, order_id, number, now, now, "", "", "a test", payload)
                at_once.xadd(STREAMS["seckill"], event.to_fields())
            at_once.execute()

    def _is_all_taken(self) -> bool:
        with redis.from_url(self._ground.redis_url) as client:
            [group] = client.xinfo_groups(STREAMS["seckill"])
            newest = client.xinfo_stream(STREAMS["seckill"])["last-generated-id"]
            return group["last-delivered-id"] == newest and not group["pending"]

    def _points(self, member_id: str) -> tuple[int, int]:
        wallet_id = wallet_id_of(PROGRAMME, Owner(MEMBER, member_id))
        with self._ground.engine.connect() as connection:
            standing = Unit(connection, RulesMemory()).ports.wallets.get(wallet_id)
        return -standing.balance(Account.ISSUED), standing.balance(Account.REVERSED)
