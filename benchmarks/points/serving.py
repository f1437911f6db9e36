"""Honey as operators start it, on the stores of a benchmark."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.measuring.children import Child, child
from benchmarks.points.ledger import Ledger
from benchmarks.selling.ground import Ground

SERVICE = "/nectary.honey.v1.WalletService/"
SETTLE_SECONDS = 120.0


@contextmanager
def serving(ground: Ground) -> Iterator[Child]:
    """One process with all jobs, until the end of the block."""
    settings = {
        "listen_port": 0,
        "store_url": ground.store_url,
        "redis_url": ground.redis.url,
        "log_level": "error",
    }
    with child("servers.mesh.cli", "serve", "honey", settings=settings) as server:
        yield server


def settle(ledger: Ledger) -> None:
    """Waits until every event is published. Raises RuntimeError if that takes too long."""
    end = time.monotonic() + SETTLE_SECONDS
    while ledger.value("SELECT COUNT(*) FROM honey_outbox WHERE published_time IS NULL"):
        if time.monotonic() > end:
            raise RuntimeError(f"events still wait to be published after {SETTLE_SECONDS} s")
        time.sleep(0.05)
