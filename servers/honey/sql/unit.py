"""The unit of work: Honey's ports for a group of commands in one transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from domain.honey.commands.events import RecordEvent
from domain.honey.ports import HoneyPorts
from domain.honey.rewarding import tasks_of
from domain.honey.tasks import ProgressKey, progress_of
from domain.honey.wallets import MERCHANT, Owner, owner_of, wallet_id_of
from servers.honey.sql.counters import SqlCounters
from servers.honey.sql.events import SqlEvents
from servers.honey.sql.holds import SqlHolds, SqlSpends
from servers.honey.sql.lots import SqlLots
from servers.honey.sql.movements import SqlMovements
from servers.honey.sql.notices import SqlNotices
from servers.honey.sql.rule_earnings import SqlRuleEarnings
from servers.honey.sql.rules import RulesMemory, SqlProgrammes
from servers.honey.sql.task_progress import SqlTaskProgress
from servers.honey.sql.wallets import SqlWallets


class Unit:
    """All ports over one connection. Commands keep or drop what they wrote; `flush` writes what was kept."""

    def __init__(self, connection: Connection, memory: RulesMemory) -> None:
        self._wallets, self._lots = SqlWallets(connection), SqlLots(connection)
        self._holds, self._spends = SqlHolds(connection), SqlSpends(connection)
        self._events, self._rule_earnings = SqlEvents(connection), SqlRuleEarnings(connection)
        self._movements, self._notices = SqlMovements(connection), SqlNotices(connection)
        self._counters, self._task_progress = SqlCounters(connection), SqlTaskProgress(connection)
        self._overlays = (
            self._wallets.standings,
            self._wallets.transactions,
            self._lots.rows,
            self._holds.rows,
            self._spends.rows,
            self._events.rows,
            self._rule_earnings.rows,
            self._counters.rows,
            self._task_progress.rows,
            self._task_progress.events,
            self._movements.earned,
            self._movements.added,
            self._notices.events,
        )
        programmes = SqlProgrammes(connection, memory)
        self.ports = HoneyPorts(
            programmes,
            self._wallets,
            self._lots,
            self._holds,
            self._spends,
            self._events,
            self._rule_earnings,
            self._counters,
            self._task_progress,
            self._movements,
            self._notices,
        )

    def prefetch(self, commands: Sequence[Any]) -> None:
        """Read what a group of commands will ask for, in one query a table."""
        wallet_ids = [wallet_id for command in commands for wallet_id in _wallet_ids(command)]
        self._wallets.standings.prefetch(wallet_ids)
        self._lots.expect(each for each in wallet_ids if self._wallets.get(each).next_due is not None)
        self._holds.rows.prefetch(_named(commands, "hold_id"))
        undone = _named(commands, "reversed_id")
        self._spends.rows.prefetch(undone)
        self._rule_earnings.rows.prefetch(undone)
        self._movements.earned.prefetch(undone)
        self._task_progress.rows.prefetch(self._progress_keys(commands))
        keys = _named(commands, "key")
        self._events.rows.prefetch(keys)
        self._rule_earnings.expect(keys)
        brought = [each.lot_id for key in keys for each in self._rule_earnings.of_event(key)]
        self._lots.rows.prefetch([*undone, *_named(commands, "lot_id"), *brought])

    def keep(self) -> None:
        """The command succeeded."""
        for overlay in self._overlays:
            overlay.keep()

    def drop(self) -> None:
        """The command was refused: it leaves nothing."""
        for overlay in self._overlays:
            overlay.drop()

    def confirm(self) -> None:
        """See that all that was read was there at one moment. Raises Raced if it may not have been.

        On MySQL each statement sees what is committed when it begins. Lots, holds, spends and what rules gave
        only change with the version of their wallet, which was read before them.
        """
        self._wallets.standings.confirm()
        self._events.rows.confirm()
        self._counters.rows.confirm()
        self._task_progress.rows.confirm()

    def flush(self) -> None:
        """Write what was kept. Raises Raced if another writer was first anywhere."""
        self._wallets.lock()
        self._events.flush()
        self._lots.flush()
        self._holds.flush()
        self._spends.flush()
        self._rule_earnings.flush()
        self._task_progress.flush()
        self._movements.flush()
        self._notices.flush()
        self._wallets.flush()
        # Last, as others wait for what everybody shares until this is committed.
        self._counters.flush()

    def _progress_keys(self, commands: Sequence[Any]) -> list[ProgressKey]:
        """Of the tasks that events may bring nearer to their goals."""
        recorded = [command for command in commands if isinstance(command, RecordEvent)]
        rules = self.ports.programmes.latest() if recorded else None
        return [
            progress_of(programme.programme_id, task, command.event.member_id, command.event.occurred).key
            for command in recorded
            if rules and (programme := rules.programmes.get(command.key.programme_id))
            for task in tasks_of(programme.tasks, command.event)
        ]


def _wallet_ids(command: Any) -> list[str]:
    """All that a command names, a merchant's included."""
    own = [value for name in ("wallet_id", "target_wallet_id") if (value := getattr(command, name, ""))]
    if merchant_id := getattr(command, "merchant_id", ""):
        programme_id, _ = owner_of(own[0])
        own.append(wallet_id_of(programme_id, Owner(MERCHANT, merchant_id)))
    return own


def _named(commands: Sequence[Any], field: str) -> list[Any]:
    """The ids that commands carry under a name; empty ones are none."""
    return [value for command in commands if (value := getattr(command, field, ""))]
