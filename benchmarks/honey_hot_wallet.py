"""How many postings a second does one merchant's wallet take?

    python -m benchmarks.honey_hot_wallet [--quick]

256 EarnPoints under way on 16 connections, each for another member, all paid from the credit of one merchant,
on a MariaDB that syncs every commit, with the relay publishing the events meanwhile. Contenders: one
transaction for each posting (benchmarks/classic/postings.py), and a bare grpcio echo of the same request.
Aims: 10 times the first, half the rate of the second.
After each run the tables are judged: every wallet against its entries, lots and transactions, the merchant's
against what members were granted, and the merchant's chain and those of 100 members computed anew.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from benchmarks.classic import postings
from benchmarks.measuring.children import Child, child
from benchmarks.measuring.echo import path_of
from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import ROUNDS, Rounds, Sample, Spread, interleaved, ratios, spread
from benchmarks.measuring.table import at_least, heading, number, ranged, table
from benchmarks.points.ledger import PROGRAMME, Ledger, member_wallet, merchant_wallet
from benchmarks.points.serving import SERVICE, serving, settle
from benchmarks.selling.ground import Ground, ground
from nectary.honey.v1 import wallet_service_pb2 as pb

IN_FLIGHT = 256
CREDIT, POINTS = 10**12, 3
CHAINS = 100
ECHO, CLASSIC, NECTARY = "bare echo", "a transaction for each", "EarnPoints"
TIMES, SHARE = 10.0, 0.5


@dataclass(frozen=True)
class Size:
    """How much is posted in a round."""

    rounds: int
    postings: int
    classic: int
    """By the slow one."""


FULL = Size(rounds=ROUNDS, postings=10_000, classic=2_000)
QUICK = Size(rounds=1, postings=1_000, classic=300)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few postings, one round: does it run at all")
    size = QUICK if parser.parse_args().quick else FULL
    heading(f"EarnPoints at the cost of one merchant, {IN_FLIGHT} at a time")
    with ground() as stores, Load() as load:
        bench = _Bench(stores, load)
        with (
            child("benchmarks.measuring.echo") as echo,
            child("benchmarks.classic.postings", stores.store_url) as classic,
            serving(stores) as nectary,
        ):
            contenders = {
                ECHO: lambda: bench.echoed(echo, size.postings),
                CLASSIC: lambda: bench.posted(classic, f"/{postings.SERVICE}/EarnPoints", size.classic),
                NECTARY: lambda: bench.posted(nectary, SERVICE + "EarnPoints", size.postings),
            }
            rounds = interleaved(contenders, size.rounds)
        bench.close()
    _report(rounds)


class _Bench:
    """A new merchant for each run, on one database."""

    def __init__(self, stores: Ground, load: Load) -> None:
        self._stores, self._load = stores, load
        self._ledger = Ledger(stores.store_url)

    def close(self) -> None:
        self._ledger.close()

    def echoed(self, echo: Child, count: int) -> Sample:
        requests = [each.SerializeToString() for each in _earnings("nobody", count)]
        path = path_of("EarnPoints")
        sample, driven = echo.sample(lambda: self._load.drive(echo.address, path, requests, IN_FLIGHT))
        _require(driven.answers == requests, "echoes differ")
        return sample

    def posted(self, server: Child, path: str, count: int) -> Sample:
        merchant_id = uuid4().hex
        self._ledger.credit(merchant_id, CREDIT)
        earnings = _earnings(merchant_id, count)
        requests = [each.SerializeToString() for each in earnings]
        settle(self._ledger)
        before = self._stores.meter()
        sample, driven = server.sample(lambda: self._load.drive(server.address, path, requests, IN_FLIGHT))
        database = self._stores.meter().since(before).database_seconds
        self._check(merchant_id, earnings, driven.answers)
        return replace(sample, database_seconds=database)

    def _check(
        self, merchant_id: str, earnings: Sequence[pb.EarnPointsRequest], answers: Sequence[bytes]
    ) -> None:
        told = [pb.EarnPointsResponse.FromString(answer) for answer in answers]
        _require(all(answer.lot.active_points == POINTS for answer in told), "answers are wrong")
        _require(len({answer.transaction_id for answer in told}) == len(earnings), "answers repeat")
        wallet, value = merchant_wallet(merchant_id), self._ledger.value
        granted = value("SELECT granted FROM honey_wallet WHERE wallet_id = :id", id=wallet)
        left = value("SELECT credit FROM honey_wallet WHERE wallet_id = :id", id=wallet)
        # Each member's one lot is all that he has: no other posting ever names him.
        brought = value(
            "SELECT SUM(w.active) FROM honey_wallet w JOIN honey_lot l ON l.wallet_id = w.wallet_id"
            " AND l.active = w.active WHERE l.funding = :id",
            id=merchant_id,
        )
        expected = POINTS * len(earnings)
        _require((granted, left, brought) == (expected, CREDIT - expected, expected), "points are missing")
        some = earnings[:: max(1, len(earnings) // CHAINS)]
        self._ledger.require_sound([wallet, *(member_wallet(each.member_id) for each in some)])


def _earnings(merchant_id: str, count: int) -> Sequence[pb.EarnPointsRequest]:
    return [
        pb.EarnPointsRequest(
            request_id=uuid4().hex,
            programme_id=PROGRAMME,
            member_id=uuid4().hex,
            points=POINTS,
            merchant_id=merchant_id,
        )
        for _ in range(count)
    ]


def _require(kept: bool, broken: str) -> None:
    if not kept:
        raise AssertionError(f"{broken}: the run is void")


def _report(rounds: Rounds) -> None:
    def against(name: str, baseline: str) -> Spread:
        return ratios(rounds[name], rounds[baseline], lambda sample: sample.rate)

    rows = []
    for name, samples in rounds.items():
        figures = (
            spread(samples, lambda sample: sample.rate).median,
            spread(samples, lambda sample: sample.cpu_us).median,
            spread(samples, lambda sample: sample.database_us).median,
        )
        times, share = against(name, CLASSIC), against(name, ECHO)
        aims = [at_least(times, TIMES), at_least(share, SHARE)] if name == NECTARY else ["", ""]
        rows.append([name, *map(number, figures), ranged(times), aims[0], ranged(share), aims[1]])
    columns = ["", "per second", "CPU us", "MariaDB CPU us", "times one each (range)", "aim"]
    table([*columns, "of the echo (range)", "aim"], rows)


if __name__ == "__main__":
    main()
