"""A connection's socket: opened without waiting, read and written when the kernel says so."""

import contextlib
import os
import select
import socket

from benchmarks.loadgen.connection import Connection, Ended

READ_BYTES = 256 * 1024
READABLE = select.EPOLLIN
WRITABLE = select.EPOLLIN | select.EPOLLOUT


class Link:
    """Belongs to one epoll. It is lost once, and then to be replaced."""

    def __init__(self, epoll: select.epoll, address: tuple[str, int], ended: Ended) -> None:
        self.connection = Connection(ended)
        self.lost = False
        self._epoll = epoll
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fileno = self._socket.fileno()
        self._connected = False
        self._wanted = WRITABLE
        epoll.register(self.fileno, WRITABLE)
        # Says EINPROGRESS; whether it worked is seen when the socket can be written to.
        self._socket.connect_ex(address)

    def ready(self, events: int) -> None:
        """Something can be done."""
        try:
            if not self._connected:
                self._connect()
            if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                self._receive()
        except OSError:
            self.lose()

    def flush(self) -> None:
        """Sends what the kernel takes, and asks to be called for the rest."""
        waiting = self.connection.outgoing
        if self.lost or (not waiting and self._wanted == READABLE):
            return
        if self._connected and waiting:
            try:
                del waiting[: self._socket.send(waiting)]
            except BlockingIOError:
                pass
            except OSError:
                self.lose()
                return
        wanted = WRITABLE if waiting or not self._connected else READABLE
        if wanted != self._wanted:
            self._wanted = wanted
            self._epoll.modify(self.fileno, wanted)

    def lose(self) -> None:
        """Gives the connection up, and with it every call on it."""
        if not self.lost:
            self.lost = True
            self.close()
            self.connection.lose()

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._epoll.unregister(self.fileno)
        self._socket.close()

    def _connect(self) -> None:
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise ConnectionError(error, os.strerror(error))
        self._connected = True

    def _receive(self) -> None:
        try:
            data = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError("the server closed the connection")
        self.connection.receive(data)
