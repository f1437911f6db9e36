"""The heart of a shard: it hears who else lives, notices loss, and brings back what the store must know.

It beats while the store answers, and probes while it does not. After a loss every replica pushes what it
has admitted itself; the windows are trusted again when all have, or when they had time enough.
"""

import asyncio
import time
from itertools import islice

import structlog

from servers.mesh.limiting.keys import epoch_key, home_key, replicas_key
from servers.mesh.limiting.script import HEARTBEAT, PUSH, encoded_push
from servers.mesh.limiting.shadow import Untold
from servers.mesh.limiting.shard import UNKNOWN_EPOCH, Shard
from servers.mesh.redis_clients import STORE_ERRORS

_log = structlog.get_logger("nectary.limiting")

BEAT_SECONDS = 0.1
PROBE_SECONDS = 0.2
"""While the breaker is open."""
SETTLING_SECONDS = 0.02
"""Between looks whether the others have pushed."""
SETTLED_MS = 300
"""After this, a replica that has not pushed is waited for no longer."""
SILENT_MS = 1000
"""A replica that is silent for so long is dead."""
PUSHED_AT_ONCE = 50
PUSH_SECONDS = 0.2


class Heart:
    """Keeps one shard in touch with its store; `run` is a job of the process."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._pushed = UNKNOWN_EPOCH
        self._pushed_at_ms = 0
        """On the store's clock. What is pushed bears the times of its admissions, which are earlier."""

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.beat()
            await asyncio.sleep(self._pause())

    async def beat(self) -> None:
        """One look at the store, with whatever must be done about it."""
        shard = self._shard
        began = time.monotonic()
        try:
            pushed = await self._greet(began)
            good = time.monotonic() - began < shard.slow_seconds
            if self._pushed != shard.epoch:
                # At once, however the store does: the others wait for it.
                await self._push()
            if shard.breaker.is_open and not shard.breaker.probed(good):
                return
            if not shard.breaker.is_open and shard.settled.is_set():
                shard.breaker.succeeded()
                return
            await self._recover(pushed)
        except STORE_ERRORS as error:
            if shard.breaker.is_open:
                shard.breaker.probed(good=False)
            else:
                shard.missed(error)

    async def _greet(self, asked: float) -> dict[str, bytes]:
        """Says that we live; the epoch of the last push of each live replica."""
        shard = self._shard
        keys = [epoch_key(shard.number), replicas_key(shard.number), home_key(shard.number)]
        arguments = [
            *shard.epoch_arguments(), shard.replica.encode(), str(SILENT_MS).encode(), self._pushed,
        ]  # fmt: skip
        reply = await shard.run(HEARTBEAT, keys, arguments, shard.slow_seconds)
        epoch, now_ms, shard.home, before, kept_ms, *replicas = reply
        shard.server_time.observe(now_ms, asked)
        pushed = {name.decode(): of for name, of in zip(replicas[::2], replicas[1::2], strict=True)}
        if epoch != shard.epoch:
            is_kept = before == shard.epoch and self._pushed_at_ms < kept_ms
            shard.unsettle(epoch, kept_ms if is_kept else 0)
        shard.replicas = frozenset(pushed)
        if not shard.settled.is_set():
            shard.awaited |= shard.replicas
        return pushed

    async def _recover(self, pushed: dict[str, bytes]) -> None:
        """Tells the store what it does not know, and trusts it once everybody has."""
        shard = self._shard
        await self._push()
        behind = {name for name in shard.awaited - {shard.replica} if pushed.get(name) != shard.epoch}
        age_ms = shard.server_time.now_ms() - int(shard.epoch.partition(b"-")[0])
        if behind and age_ms < SETTLED_MS:
            return
        await shard.settle()
        if shard.breaker.is_open:
            shard.breaker.close()
        _log.info("limiter_together", shard=shard.number, epoch=shard.epoch.decode(), behind=sorted(behind))

    async def _push(self) -> None:
        """Until nothing is left that was admitted without the store, meanwhile too."""
        while untold := self._shard.shadow.take_untold(self._shard.server_time.now_ms()):
            pieces = iter(untold)
            while piece := list(islice(pieces, PUSHED_AT_ONCE)):
                try:
                    await self._push_piece(piece)
                except BaseException:
                    self._shard.shadow.put_back([*piece, *pieces])
                    raise
        self._pushed = self._shard.epoch

    async def _push_piece(self, piece: list[Untold]) -> None:
        shard = self._shard
        keys, arguments = encoded_push(
            [(one.window, one.limit, one.entries) for one in piece],
            epoch_key(shard.number),
            shard.epoch_arguments(),
        )
        reply = await shard.run(PUSH, keys, arguments, PUSH_SECONDS)
        if len(reply) == 2:
            # Lost again meanwhile: the next beat begins anew.
            raise TimeoutError("the epoch changed")
        self._pushed_at_ms = reply[1]

    def _pause(self) -> float:
        if self._shard.breaker.is_open:
            return PROBE_SECONDS
        return BEAT_SECONDS if self._shard.settled.is_set() else SETTLING_SECONDS
