"""The port `Notices`: what members are told beside transactions, in the outbox, numbered for each wallet."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from domain.honey.noticing import PointsExpiringSoon
from domain.honey.ports import Notice
from domain.honey.wallets import Standing
from domain.shared.doing import Doing
from domain.shared.errors import Raced
from servers.honey.sql.tables import common
from servers.store.event import Event
from servers.store.faults import is_duplicate
from servers.store.outbox import Outbox
from servers.store.overlay import Log

_OUTBOX = Outbox(common.outbox)


class SqlNotices:
    """The port `Notices` over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.events: Log[Event] = Log()

    def tell(self, standing: Standing, events: Sequence[Notice], doing: Doing) -> None:
        first = standing.watch.told + 1
        self.events.add(*(_event(standing, each, seq, doing) for seq, each in enumerate(events, start=first)))

    def flush(self) -> None:
        """Write them. Raises Raced if they were told by another writer."""
        try:
            _OUTBOX.append(self._connection, self.events.kept)
        except IntegrityError as error:
            if is_duplicate(error):
                raise Raced("TRANSACTION_RACED", "another writer told the member") from error
            raise


def _event(standing: Standing, told: Notice, seq: int, doing: Doing) -> Event:
    name = hashlib.sha256(standing.wallet_id.encode()).hexdigest()[:24]
    # What becomes of a tier has an instant of its own; what expires soon is told when it is.
    effective = doing.now if isinstance(told, PointsExpiringSoon) else told.at
    payload = {"wallet_id": standing.wallet_id} | asdict(told)
    return Event(
        event_id=f"{name}:{seq}",
        type=type(told).__name__,
        version=1,
        subject=f"notices:{name}",
        seq=seq,
        effective_time=effective,
        recorded_time=doing.now,
        causation_id="",
        correlation_id=standing.wallet_id,
        actor=doing.actor,
        payload=orjson.dumps(payload, option=orjson.OPT_SORT_KEYS),
    )
