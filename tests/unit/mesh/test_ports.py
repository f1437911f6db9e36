"""A port that several of ours share, and nobody else."""

import socket

import pytest

from servers.mesh.ports import held_port, port_of


def test_a_held_port_can_be_shared_but_not_taken_again() -> None:
    with (
        held_port("127.0.0.1", 0) as held,
        _sharing(port_of(held)),
        _sharing(port_of(held)),
        pytest.raises(OSError, match="in use"),
    ):
        held_port("127.0.0.1", port_of(held))


def test_a_port_of_others_is_not_shared_even_if_they_would() -> None:
    with _sharing(0) as other, pytest.raises(OSError, match="in use"):
        held_port("127.0.0.1", port_of(other))


def test_the_shares_of_a_held_port_keep_it() -> None:
    with held_port("127.0.0.1", 0) as held:
        share = _sharing(port_of(held))
    with share, pytest.raises(OSError, match="in use"):
        held_port("127.0.0.1", port_of(share))


def test_nobody_else_holds_what_is_held() -> None:
    with held_port("127.0.0.1", 0) as held, pytest.raises(OSError, match="in use"):
        held_port("127.0.0.1", port_of(held))


def test_whoever_comes_after_one_that_ended_need_not_wait_for_its_connections() -> None:
    with _sharing(0) as before:
        number = port_of(before)
        caller = socket.create_connection(("127.0.0.1", number))
        accepted, _ = before.accept()
    accepted.close()
    assert caller.recv(1) == b""
    caller.close()
    with pytest.raises(OSError, match="in use"), socket.socket() as naive:
        naive.bind(("127.0.0.1", number))
    with held_port("127.0.0.1", number) as held, _sharing(number), pytest.raises(OSError, match="in use"):
        held_port("127.0.0.1", port_of(held))


def test_a_port_of_both_families_is_free_for_each() -> None:
    with held_port("127.0.0.1", 0) as held, held_port("[::1]", port_of(held)) as other:
        assert port_of(other) == port_of(held)


def _sharing(port: int) -> socket.socket:
    share = socket.socket()
    # As gRPC's core does.
    share.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    share.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    share.bind(("127.0.0.1", port))
    share.listen()
    return share
