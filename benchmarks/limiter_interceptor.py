"""How much CPU time does the risk interceptor add to a call?

    python -m benchmarks.limiter_interceptor [--quick]

One process serves a bare grpcio echo, the same behind four limits that the store decides on, and the same
refused from the local memory; 64 calls are under way at any time. What a refusal costs on its way is
beside it, against grpcio's own abort with the same details made beforehand. Aims: at most 30 us more for a
decision, at most 10 us for a refusal that is known.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measuring.children import Child, child
from benchmarks.measuring.limited_echo import MEMBERS, METHODS, REFUSING, SERVICE
from benchmarks.measuring.limits import private_redis
from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import ROUNDS, Contender, Rounds, Sample, Spread, interleaved, spread
from benchmarks.measuring.table import at_most, heading, number, ranged, table
from nectary.identity.v1 import identity_service_pb2 as pb

IN_FLIGHT = 64
AIMS = {"Limited": 30.0, "Refused": 10.0}
"""Microseconds of CPU time."""


@dataclass(frozen=True)
class Size:
    """How much is asked in a round."""

    rounds: int
    calls: int


FULL = Size(rounds=ROUNDS, calls=10_000)
QUICK = Size(rounds=1, calls=6_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few calls, one round: does it run at all")
    size = QUICK if parser.parse_args().quick else FULL
    heading("The risk interceptor on top of a bare grpcio echo")
    with (
        private_redis() as redis,
        Load() as load,
        child("benchmarks.measuring.limited_echo", redis.url) as server,
    ):
        rounds = interleaved(_contenders(load, server, size), size.rounds)
    _report(rounds)


def _contenders(load: Load, server: Child, size: Size) -> Mapping[str, Contender]:
    requests = [
        pb.ListIdentitiesRequest(member_id=f"member {number % MEMBERS}").SerializeToString()
        for number in range(size.calls)
    ]

    def ask(method: str) -> Contender:
        return lambda: _asked(load, server, f"/{SERVICE}/{method}", requests)

    return {method: ask(method) for method in METHODS}


def _asked(load: Load, server: Child, path: str, requests: Sequence[bytes]) -> Sample:
    refused = path.endswith(REFUSING)
    sample, driven = server.sample(
        lambda: load.drive(server.address, path, requests, IN_FLIGHT, refused=refused)
    )
    if not refused and list(driven.answers) != list(requests):
        raise AssertionError(f"{path} did not echo: the run is void")
    return sample


def _report(rounds: Rounds) -> None:
    rows = []
    for method, samples in rounds.items():
        against = "Aborted" if method in REFUSING else "Bare"
        pairs = zip(samples, rounds[against], strict=True)
        added = Spread.of([one.cpu_us - base.cpu_us for one, base in pairs])
        rate = number(spread(samples, lambda sample: sample.rate).median)
        cpu = number(spread(samples, lambda sample: sample.cpu_us).median)
        aim = at_most(added, AIMS[method]) if method in AIMS else ""
        rows.append([method, rate, cpu, against, ranged(added), aim])
    table(["call", "calls/s", "CPU us/call", "against", "added CPU us (range)", "aim"], rows)


if __name__ == "__main__":
    main()
