"""What the transport allows: sizes, connections, streams, pings, ages; and its keys."""

import math
from collections.abc import Sequence

import grpc

from servers.mesh.config import Config
from servers.mesh.contract import Method

HANDSHAKE_MS = 5_000
"""A connection that says nothing for so long is closed."""
KEEPALIVE_MS = 120_000
KEEPALIVE_TIMEOUT_MS = 20_000
LEAST_PING_INTERVAL_MS = 10_000
PING_STRIKES = 2
CONNECTION_AGE_GRACE_MS = 30_000
MAX_IDLE_MS = 15 * 60_000
HARD_METADATA_FACTOR = 2
"""Above the soft cap metadata is refused more and more often, above twice that always."""

LEAST_CONNECTIONS = 100
"""Of one acceptor: below that, shares may be far from even."""
UNEVEN = 1.25

WAITING_FACTOR = 2
LEAST_WAITING = 1_000
"""Calls of a connection that no handler has taken yet; and of all, the core's own measure."""

DETAILED_FACTOR = 2
"""A request of up to twice the largest allowed size is read, so that its refusal can say the limit."""

Options = list[tuple[str, int]]


def channel_options(config: Config, methods: Sequence[Method]) -> Options:
    """Options of the server, so that no peer can hold or fill more than its share."""
    largest = max([config.max_message_bytes, *(method.max_request_bytes for method in methods)])
    return [
        ("grpc.max_receive_message_length", largest * DETAILED_FACTOR),
        ("grpc.max_metadata_size", config.max_metadata_bytes),
        ("grpc.absolute_max_metadata_size", config.max_metadata_bytes * HARD_METADATA_FACTOR),
        ("grpc.max_concurrent_streams", config.max_streams_per_connection),
        # By itself the core lowers the advertised cap under load and refuses what was sent meanwhile: a
        # client with more calls than streams saw half of them fail instead of wait for their turn.
        ("grpc.http.overload_protection", 0),
        ("grpc.max_allowed_incoming_connections", _connections_of_one(config)),
        # Beyond the first number the core drops some of what waits, beyond the second all of it, and says
        # CANCELLED without a word more. Our own cap says THROTTLED, but must come to see the call.
        ("grpc.server.max_pending_requests", most_waiting(config)),
        ("grpc.server.max_pending_requests_hard_limit", most_waiting(config) * WAITING_FACTOR),
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
        ("grpc.max_connection_age_ms", config.connection_age_seconds * 1000),
        ("grpc.max_connection_age_grace_ms", CONNECTION_AGE_GRACE_MS),
        ("grpc.max_connection_idle_ms", MAX_IDLE_MS),
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", LEAST_PING_INTERVAL_MS),
        ("grpc.http2.max_ping_strikes", PING_STRIKES),
        # The port is held: nobody shares it unasked.
        ("grpc.so_reuseport", 1),
    ]


def acceptors_of(config: Config) -> int:
    """How many accept calls on the port of this process; one alone on a Unix socket, which none can share."""
    if config.listens_on_socket:
        return 1
    return max(1, min(config.acceptors, config.max_connections // LEAST_CONNECTIONS))


def _connections_of_one(config: Config) -> int:
    """The kernel's shares are not quite even."""
    count = acceptors_of(config)
    return config.max_connections if count == 1 else math.ceil(config.max_connections * UNEVEN / count)


def most_waiting(config: Config) -> int:
    """Calls that may wait for a handler before any is dropped: when everybody connects at once, one each."""
    return max(LEAST_WAITING, config.max_connections * WAITING_FACTOR)


def credentials(config: Config) -> grpc.ServerCredentials | None:
    """The server's keys, and the demand for a caller's certificate where a CA is given. None without TLS.

    Raises OSError if a file cannot be read.
    """
    if config.tls_cert is None or config.tls_key is None:
        return None
    authority = config.tls_ca.read_bytes() if config.tls_ca else None
    return grpc.ssl_server_credentials(
        [(config.tls_key.read_bytes(), config.tls_cert.read_bytes())],
        root_certificates=authority,
        require_client_auth=authority is not None,
    )
