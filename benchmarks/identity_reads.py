"""What does it cost to ask which cards members hold, next to a call that does nothing at all?

    python -m benchmarks.identity_reads [--quick]

The baseline is a bare grpcio echo of the same request (aio on uvloop, no interceptors). `kept` asks for
few members, whose answers are kept for a second. `MariaDB` asks for each of many members once a round,
so that every answer is read from the database, together with others of the same moment. Aims: the CPU
time of ListIdentities is within 2 times the echo's when kept, within 3 times when read.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from benchmarks.measuring.children import Child, child
from benchmarks.measuring.echo import path_of
from benchmarks.measuring.load import Load
from benchmarks.measuring.members import Members, populated
from benchmarks.measuring.mesh import mesh
from benchmarks.measuring.rounds import ROUNDS, Contender, Rounds, Sample, interleaved, ratios, spread
from benchmarks.measuring.table import at_most, heading, number, ranged, table
from nectary.identity.v1 import identity_service_pb2 as pb

IN_FLIGHT = 64
BATCH = 100
"""Members of one BatchCheckIdentities."""
SERVICE = "/nectary.identity.v1.IdentityService/"


@dataclass(frozen=True)
class Size:
    """How much is asked in a round."""

    rounds: int
    members: int
    kept_members: int
    calls: int
    """Of ListIdentities; a tenth as many of BatchCheckIdentities."""


FULL = Size(rounds=ROUNDS, members=10_000, kept_members=BATCH, calls=8_000)
QUICK = Size(rounds=1, members=1_000, kept_members=BATCH, calls=800)

Asked = Sequence[tuple[bytes, Callable[[bytes], bool]]]
"""Requests, each with what its answer must satisfy."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few calls, one round: does it run at all")
    size = QUICK if parser.parse_args().quick else FULL
    heading("Reads of Identity next to a bare grpcio echo")
    with Load() as load, child("benchmarks.measuring.echo") as echo, mesh() as own:
        members = populated(own, load, size.members)
        own.settle()
        contenders = _contenders(load, echo, own.server, members, size)
        rounds = interleaved(contenders, size.rounds)
    _report(rounds)


def _contenders(
    load: Load, echo: Child, server: Child, members: Members, size: Size
) -> Mapping[str, Contender]:
    everyone = list(members)
    few = dict(islice(members.items(), size.kept_members))
    lists, few_lists = [_list(item) for item in members.items()], [_list(item) for item in few.items()]
    checks = [
        _check({member_id: members[member_id] for member_id in everyone[start : start + BATCH]})
        for start in range(0, len(everyone), BATCH)
    ]
    many_lists = list(islice(cycle(few_lists), size.calls))
    many_checks = list(islice(cycle([_check(few)]), size.calls // 10))

    def ask(target: Child, path: str, asked: Asked) -> Contender:
        return lambda: _asked(load, target, path, asked)

    return {
        "echo of ListIdentities": ask(echo, path_of("ListIdentities"), _echoed(many_lists)),
        "ListIdentities, kept": ask(server, SERVICE + "ListIdentities", many_lists),
        "ListIdentities, MariaDB": ask(server, SERVICE + "ListIdentities", lists),
        "echo of BatchCheckIdentities": ask(echo, path_of("BatchCheckIdentities"), _echoed(many_checks)),
        "BatchCheckIdentities, kept": ask(server, SERVICE + "BatchCheckIdentities", many_checks),
        "BatchCheckIdentities, MariaDB": ask(server, SERVICE + "BatchCheckIdentities", checks),
    }


def _asked(load: Load, target: Child, path: str, asked: Asked) -> Sample:
    requests = [request for request, _ in asked]
    sample, driven = target.sample(lambda: load.drive(target.address, path, requests, IN_FLIGHT))
    wrong = sum(not right(answer) for (_, right), answer in zip(asked, driven.answers, strict=True))
    if wrong:
        raise AssertionError(f"{path}: {wrong} of {len(requests)} answers are wrong: the run is void")
    return sample


def _echoed(asked: Asked) -> Asked:
    return [(request, request.__eq__) for request, _ in asked]


def _list(member: tuple[str, Sequence[str]]) -> tuple[bytes, Callable[[bytes], bool]]:
    member_id, skus = member

    def right(answer: bytes) -> bool:
        found = pb.ListIdentitiesResponse.FromString(answer).identities
        causes = sorted(item.sku_id for item in found for _ in item.causes)
        return causes == sorted(skus) and len(found) == len(set(skus))

    return pb.ListIdentitiesRequest(member_id=member_id).SerializeToString(), right


def _check(members: Members) -> tuple[bytes, Callable[[bytes], bool]]:
    def right(answer: bytes) -> bool:
        found = pb.BatchCheckIdentitiesResponse.FromString(answer).members
        held = {item.member_id: [sku.sku_id for sku in item.held] for item in found}
        return held == {member_id: sorted(set(skus)) for member_id, skus in members.items()}

    return pb.BatchCheckIdentitiesRequest(member_ids=list(members)).SerializeToString(), right


def _report(rounds: Rounds) -> None:
    aims = {"ListIdentities, kept": 2.0, "ListIdentities, MariaDB": 3.0}
    rows = []
    for name, samples in rounds.items():
        method = name.partition(",")[0].removeprefix("echo of ")
        against = ratios(samples, rounds[f"echo of {method}"], lambda sample: sample.cpu_us)
        aim = at_most(against, aims[name]) if name in aims else ""
        rate = number(spread(samples, lambda sample: sample.rate).median)
        cpu = number(spread(samples, lambda sample: sample.cpu_us).median)
        rows.append([name, rate, cpu, ranged(against), aim])
    table(["server process", "calls/s", "CPU us/call", "CPU against echo (range)", "aim"], rows)


if __name__ == "__main__":
    main()
