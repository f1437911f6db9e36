"""The load generator against real servers: every call has its own answer, and an end."""

import asyncio
import socket
import threading
from contextlib import suppress

import pytest

from benchmarks.loadgen.driver import drive
from benchmarks.loadgen.journal import Journal, percentiles
from benchmarks.loadgen.plan import Call, Closed, Open, Plan
from benchmarks.loadgen.status import DEADLINE, LOST, OK, Status
from nectary.testing.v1 import echo_service_pb2 as pb
from tests.wire.loadgen.conftest import SERVICE
from tests.wire.mesh.running import Running

HOUSE = "/nectary.testing.v1.EchoService/"


def bodies(count: int, method: str = "Echo") -> list[Call]:
    return [Call(f"/{SERVICE}/{method}", b"member %d" % number) for number in range(count)]


async def driven(plan: Plan) -> Journal:
    return await asyncio.to_thread(drive, plan)


@pytest.mark.parametrize("connections", [1, 4])
async def test_every_caller_gets_his_own_answer(bare: str, connections: int) -> None:
    calls = bodies(2_000)
    journal = await driven(Plan(bare, calls, Closed(64), connections))
    assert list(journal.messages) == [call.message for call in calls]
    assert journal.counts() == {OK: 2_000}
    assert all(0 <= answer.due <= answer.ended <= journal.seconds for answer in journal)


async def test_many_connections_may_open_with_the_first_calls(bare: str) -> None:
    calls = bodies(300)
    journal = await driven(Plan(bare, calls, Closed(300), connections=300, at_once=True))
    assert list(journal.messages) == [call.message for call in calls]
    assert journal.connections_lost == 0


async def test_more_calls_than_streams_wait_for_their_turn(house: Running) -> None:
    message = pb.EchoRequest(text="x").SerializeToString()
    plan = Plan(house.address, [Call(HOUSE + "Echo", message)] * 200, Closed(100), connections=2)
    assert (await driven(plan)).counts() == {OK: 200}


async def test_in_an_open_loop_calls_wait_from_the_moment_at_which_they_were_due(bare: str) -> None:
    """One slow call on the only stream's server does not hide what those behind it waited."""
    calls = [Call(f"/{SERVICE}/Hold", b"0.2"), *bodies(20)]
    journal = await driven(Plan(bare, calls, Open(per_second=200), connections=1))
    assert [round(due, 3) for due in journal.due[:3]] == [0, 0.005, 0.01]
    assert journal.counts() == {OK: 21}
    assert journal.seconds >= 0.2


async def test_latency_counts_from_when_a_call_was_due_not_from_when_it_could_be_sent(house: Running) -> None:
    """Coordinated omission: ten streams, each held for 50 ms, cannot serve 1,000 a second."""
    message = pb.HoldRequest(ms=50).SerializeToString()
    plan = Plan(house.address, [Call(HOUSE + "Hold", message)] * 100, Open(per_second=1_000), connections=1)
    journal = await driven(plan)
    assert journal.counts() == {OK: 100}
    # The last ten are due after 0.1 s and are sent after nine rounds of 50 ms.
    assert percentiles(list(journal)).most >= 0.35


async def test_refusals_of_grpcio_have_code_and_message(bare: str) -> None:
    calls = [
        Call(f"/{SERVICE}/Refuse", b"SOLD_OUT"),
        Call(f"/{SERVICE}/Raise", b"secret"),
        Call("/no/Where", b""),
    ]
    journal = await driven(Plan(bare, calls, Closed(1)))
    refused, raised, unknown = journal.statuses
    assert refused == Status(8, "SOLD_OUT")
    assert raised.code == 2
    assert unknown.code == 12


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        ("refused", 9, "TERM_PAUSED"),
        ("throttled", 8, "THROTTLED"),
        ("value-error", 13, "INTERNAL"),
        ("wrong-answer", 13, "INTERNAL"),
        ("invalid-much", 3, "WRONG"),
    ],
)
async def test_refusals_of_the_house_have_code_and_reason(
    house: Running, kind: str, code: int, reason: str
) -> None:
    message = pb.FailRequest(kind=kind).SerializeToString()
    journal = await driven(Plan(house.address, [Call(HOUSE + "Fail", message)] * 20, Closed(5)))
    assert {status.code for status in journal.statuses} == {code}
    if kind != "invalid-much":
        assert {status.reason for status in journal.statuses} == {reason}


async def test_a_token_goes_with_every_call(house: Running) -> None:
    message = pb.EchoRequest(text="x").SerializeToString()
    calls = [Call(HOUSE + "Echo", message)] * 3
    forged = (("authorization", "Bearer forged"),)
    journal = await driven(Plan(house.address, calls, Closed(1), metadata=forged))
    assert journal.counts() == {Status(16, "MEMBER_TOKEN_INVALID"): 3}


async def test_a_deadline_is_kept_on_this_side_and_told_to_the_server(house: Running) -> None:
    echo = pb.EchoRequest(text="x").SerializeToString()
    hold = pb.HoldRequest(ms=5_000).SerializeToString()
    calls = [
        Call(HOUSE + "Hold", hold, deadline_seconds=0.1),
        Call(HOUSE + "Echo", echo, 20),
    ]
    journal = await driven(Plan(house.address, calls, Closed(2), connections=1))
    late, good = journal
    assert late.status.code == DEADLINE.code
    assert late.seconds < 5
    assert 0 < pb.EchoResponse.FromString(good.message).remaining_ms <= 20_000


async def test_after_deadlines_no_answer_reaches_the_wrong_caller(bare: str) -> None:
    """Failure row 24: half of the calls are given up on connections that the others go on using."""
    calls = [
        Call(f"/{SERVICE}/Hold", b"0.%04d" % number, deadline_seconds=0.005 if number % 2 else None)
        for number in range(1, 400)
    ]
    journal = await driven(Plan(bare, calls, Closed(64), connections=2))
    for answer, call in zip(journal, calls, strict=True):
        assert answer.message == call.message if answer.status == OK else call.deadline_seconds
    assert journal.counts()[OK] >= 199
    assert journal.counts()[DEADLINE] > 0


async def test_a_server_that_hangs_up_costs_its_calls_and_no_others(bare: str) -> None:
    """A lost connection is told as such, and another takes its place."""
    host, _, port = bare.rpartition(":")
    cutter = _Cutter((host, int(port)))
    try:
        journal = await driven(Plan(cutter.address, bodies(500), Closed(8), connections=2))
    finally:
        cutter.close()
    counts = journal.counts()
    assert counts[LOST] >= 1
    assert counts[OK] + counts[LOST] == 500
    assert journal.connections_lost >= 1


async def test_nobody_there_is_said_before_the_run() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(ConnectionError):
        await driven(Plan(address, bodies(1), Closed(1)))


class _Cutter:
    """A proxy that cuts its first connection after some bytes, and lets all others be."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self._upstream = upstream
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in [self._server, *self._sockets]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        left = 3_000
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                server = socket.create_connection(self._upstream)
                self._sockets += [client, server]
                threading.Thread(target=_copy, args=(client, server, None), daemon=True).start()
                threading.Thread(target=_copy, args=(server, client, left), daemon=True).start()
                left = 0


def _copy(source: socket.socket, target: socket.socket, cut_after: int | None) -> None:
    copied = 0
    with suppress(OSError):
        while data := source.recv(4096):
            target.sendall(data)
            copied += len(data)
            if cut_after and copied > cut_after:
                break
        for one in (source, target):
            one.shutdown(socket.SHUT_RDWR)
