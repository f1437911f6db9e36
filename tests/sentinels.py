"""A private Redis of a master, a copy of it, and three Sentinels that replace the one by the other."""

import gc
import time
import warnings
from typing import Any, Self

import redis

from tests.servers import START_SECONDS, Redis

NAME = "limits"
SENTINELS = 3
PATIENT_MS = 60_000
IMPATIENT_MS = 500
"""Silence after which a Sentinel takes the master for dead: at first none that a busy machine may cause."""
NOWHERE = 1
"""A port that nobody listens on."""


class Master(Redis):
    """One that is copied without delay."""

    def command(self) -> list[str]:
        return [*super().command(), "--repl-diskless-sync-delay", "0"]


class Sentinel(Redis):
    """One that watches, and knows from the start what there is to know: nothing has to be found out."""

    watches = ""

    def command(self) -> list[str]:
        return [self._binary, str(self.folder / "sentinel.conf"), "--sentinel"]

    def start(self) -> Self:
        lines = [f"port {self.port}", "bind 127.0.0.1", f"dir {self.folder}", self.watches]
        (self.folder / "sentinel.conf").write_text("\n".join(lines))
        return super().start()


class RedisWithSentinels:
    """Of the wheel's Valkey or of the installed Redis. Raises Missing."""

    def __init__(self, *, of_wheel: bool) -> None:
        make = Master.valkey if of_wheel else Master.installed
        watcher = Sentinel.valkey if of_wheel else Sentinel.installed
        self.master, self.copy = make(), make()
        self.sentinels = [watcher() for _ in range(SENTINELS)]

    def start(self) -> Self:
        """Returns once the copy is one, and every Sentinel knows it and the others."""
        self.master.start()
        self.copy.start()
        self._ask(self.copy, "REPLICAOF", "127.0.0.1", self.master.port)
        self._until(lambda: "master_link_status:up" in self._info(self.copy, "replication"))
        for number, sentinel in enumerate(self.sentinels):
            sentinel.watches = self._watching(number)
            sentinel.start()
        self._until(lambda: all(self._is_ready(one) for one in self.sentinels))
        return self

    def discard(self) -> None:
        for server in (*self.sentinels, self.copy, self.master):
            server.discard()
        # redis-py lets go of connections to Sentinels when a look-up is cancelled: they are collected here,
        # or a later test would be blamed for them.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()

    @property
    def url(self) -> str:
        return "sentinel://" + ",".join(f"127.0.0.1:{one.port}" for one in self.sentinels) + f"/{NAME}"

    def cut(self) -> None:
        """From now on the copy hears nothing of its master."""
        self._ask(self.copy, "REPLICAOF", "127.0.0.1", NOWHERE)

    def lose_master(self) -> None:
        """At once. The Sentinels notice soon, and make the copy the master."""
        self.master.kill()
        for sentinel in self.sentinels:
            self._ask(sentinel, "SENTINEL", "SET", NAME, "down-after-milliseconds", IMPATIENT_MS)

    def _watching(self, number: int) -> str:
        others = [other for other in range(SENTINELS) if other != number]
        return "\n".join(
            [
                f"sentinel myid {_id(number)}",
                f"sentinel monitor {NAME} 127.0.0.1 {self.master.port} 2",
                f"sentinel down-after-milliseconds {NAME} {PATIENT_MS}",
                # So long it also lets a copy alone that does not follow its master.
                f"sentinel failover-timeout {NAME} 60000",
                f"sentinel known-replica {NAME} 127.0.0.1 {self.copy.port}",
                *(
                    f"sentinel known-sentinel {NAME} 127.0.0.1 {self.sentinels[other].port} {_id(other)}"
                    for other in others
                ),
                "",
            ]
        )

    def _is_ready(self, sentinel: Redis) -> bool:
        known = f"address=127.0.0.1:{self.master.port},slaves=1,sentinels={SENTINELS}"
        return f"status=ok,{known}" in self._info(sentinel, "sentinel")

    def _info(self, server: Redis, section: str) -> str:
        return str(self._ask(server, "INFO", section).decode())

    def _ask(self, server: Redis, *command: str | int) -> Any:
        with redis.Redis(port=server.port) as client:
            client.set_response_callback("INFO", lambda raw, **_: raw)
            # redis-py has no types for commands by name.
            asked: Any = client
            return asked.execute_command(*command)

    def _until(self, holds: Any) -> None:
        until = time.monotonic() + START_SECONDS
        while not holds():
            if time.monotonic() > until:
                raise RuntimeError("the servers did not find each other")
            time.sleep(0.02)


def _id(number: int) -> str:
    return f"{number:040x}"
