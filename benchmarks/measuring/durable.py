"""MariaDB as in production: it syncs every commit, and the tables of a benchmark lie in its memory."""

from tests.servers import MariaDB

POOL_MB = 4_096
"""For pages. With MariaDB's own 128 MB, figures were those of its page flushing (docs/decisions.md)."""


def durable_mariadb() -> MariaDB:
    """Not started yet. Raises `tests.servers.Missing`."""
    return MariaDB(durable=True, pool_mb=POOL_MB)
