"""The job that lets happen what is due, killed at one step while several wallets wait for it (HO-11)."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from domain.honey.transactions import Kind
from servers.honey.sql.tables import transaction
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
