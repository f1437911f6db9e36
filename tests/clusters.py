"""A private Redis Cluster for tests: three servers that share the slots between them.

Each is started with a file that says all there is to know of the others, as after a restart. To let them
meet instead is a handshake that is given up after a moment, and that nobody repeats: on a busy machine
some clusters never formed.
"""

import time
from collections.abc import Sequence
from typing import Any, Self

import redis

from tests.servers import START_SECONDS, Redis, free_port

NODES = 3
SLOTS = 16_384
NODES_FILE = "nodes.conf"


class ClusterNode(Redis):
    """One server of a cluster."""

    def __init__(self, binary: str) -> None:
        super().__init__(binary)
        self.bus_port = free_port()

    def command(self) -> list[str]:
        return [
            *super().command(),
            *("--cluster-enabled", "yes"),
            *("--cluster-config-file", NODES_FILE),
            *("--cluster-port", str(self.bus_port)),
            *("--cluster-announce-ip", "127.0.0.1"),
        ]


class RedisCluster:
    """Of the wheel's Valkey or of the installed Redis. Raises Missing."""

    def __init__(self, *, of_wheel: bool) -> None:
        make = ClusterNode.valkey if of_wheel else ClusterNode.installed
        self.nodes = [make() for _ in range(NODES)]

    def start(self) -> Self:
        """Returns once it serves all slots: after two seconds, for a server that has just started waits."""
        for number, node in enumerate(self.nodes):
            (node.folder / NODES_FILE).write_text(_known_to(number, self.nodes))
            node.start()
        # redis-py has no types for commands by name.
        clients: list[Any] = [redis.Redis(port=node.port) for node in self.nodes]
        until = time.monotonic() + START_SECONDS
        while not all(_is_whole(client) for client in clients):
            if time.monotonic() > until:
                raise RuntimeError(
                    f"the cluster did not form:\n{clients[0].execute_command('CLUSTER NODES')}"
                )
            time.sleep(0.05)
        for client in clients:
            client.close()
        return self

    def discard(self) -> None:
        for node in self.nodes:
            node.discard()

    @property
    def url(self) -> str:
        return "cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)


def _known_to(own: int, nodes: Sequence[ClusterNode]) -> str:
    """The file in which a server keeps what it knows of its cluster."""
    lines = []
    for number, node in enumerate(nodes):
        first, end = SLOTS * number // NODES, SLOTS * (number + 1) // NODES
        flags = "myself,master" if number == own else "master"
        place, epoch = f"127.0.0.1:{node.port}@{node.bus_port}", number + 1
        lines.append(f"{epoch:040x} {place} {flags} - 0 0 {epoch} connected {first}-{end - 1}\n")
    return "".join(lines) + f"vars currentEpoch {NODES} lastVoteEpoch 0\n"


def _is_whole(client: Any) -> bool:
    found: bytes = client.execute_command("CLUSTER", "INFO")
    return b"cluster_state:ok" in found and b"cluster_known_nodes:%d" % NODES in found
