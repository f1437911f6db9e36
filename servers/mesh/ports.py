"""A port of ours: several listen on it, and nobody else can."""

import errno
import socket


def held_port(host: str, port: int) -> socket.socket:
    """Keeps the port, or any free one with port 0, for those of this user who say that they share it.

    Nothing comes in through the socket itself. Raises OSError if the port is taken.
    """
    try:
        return _bound(host, port, after_another=False)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
    # By the last words of connections to one that has ended, perhaps: whoever listens is still in the way.
    return _bound(host, port, after_another=True)


def port_of(held: socket.socket) -> int:
    """The number."""
    number: int = held.getsockname()[1]
    return number


def _bound(host: str, port: int, *, after_another: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, after_another)
        held.bind((host.strip("[]"), port))
        # Only now: sooner, it would have shared the port of whoever was there before.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError:
        held.close()
        raise
    return held
