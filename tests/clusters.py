"""A private Redis Cluster for tests: three servers that share the slots between them."""

import time
from typing import Any, Self

import redis

from tests.servers import START_SECONDS, Redis, free_port

NODES = 3
SLOTS = 16_384


class ClusterNode(Redis):
    """One server of a cluster."""

    def __init__(self, binary: str) -> None:
        super().__init__(binary)
        self.bus_port = free_port()

    def command(self) -> list[str]:
        return [
            *super().command(),
            *("--cluster-enabled", "yes"),
            *("--cluster-config-file", "nodes.conf"),
            *("--cluster-node-timeout", "2000"),
            *("--cluster-port", str(self.bus_port)),
            *("--cluster-announce-ip", "127.0.0.1"),
        ]


class RedisCluster:
    """Of the wheel's Valkey or of the installed Redis. Raises Missing."""

    def __init__(self, *, of_wheel: bool) -> None:
        make = ClusterNode.valkey if of_wheel else ClusterNode.installed
        self.nodes = [make() for _ in range(NODES)]

    def start(self) -> Self:
        """Returns once it serves all slots."""
        for node in self.nodes:
            node.start()
        self._join()
        return self

    def discard(self) -> None:
        for node in self.nodes:
            node.discard()

    @property
    def url(self) -> str:
        return "cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def _join(self) -> None:
        # redis-py has no types for commands by name.
        clients: list[Any] = [redis.Redis(port=node.port) for node in self.nodes]
        for number, (client, node) in enumerate(zip(clients, self.nodes, strict=True)):
            first, end = SLOTS * number // NODES, SLOTS * (number + 1) // NODES
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus_port)
        until = time.monotonic() + START_SECONDS
        while not all(_is_whole(client) for client in clients):
            if time.monotonic() > until:
                raise RuntimeError("the cluster did not form")
            time.sleep(0.05)
        for client in clients:
            client.close()


def _is_whole(client: Any) -> bool:
    found: bytes = client.execute_command("CLUSTER", "INFO")
    return b"cluster_state:ok" in found and b"cluster_known_nodes:%d" % NODES in found
