"""Does it cost more to look into a wallet with a long past, or to spend from it?

    python -m benchmarks.honey_balance [--quick]

GetBalance and SpendPoints of one point, for wallets with 10, 1,000 and 100,000 live lots of 10,000 points: no
spend uses up its lot, so that all lots stay alive. One caller at a time, so that no call shares what
another reads; MariaDB syncs every commit. Aim: no more than 1.2 times the time of the smallest wallet.
The wallets are filled in bulk (benchmarks/points/ledger.py), in a way that the ledger's own verification
accepts: after each run all sums and the three chains are computed anew from the tables.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from benchmarks.measuring.children import Child
from benchmarks.measuring.load import Driven, Load
from benchmarks.measuring.rounds import ROUNDS, Contender, Rounds, Sample, interleaved, ratios, spread
from benchmarks.measuring.table import at_most, heading, number, ranged, table
from benchmarks.points.ledger import PROGRAMME, Filling, Ledger, member_wallet
from benchmarks.points.serving import SERVICE, serving, settle
from benchmarks.selling.ground import Ground, ground
from nectary.honey.v1 import wallet_service_pb2 as pb

LOTS = (10, 1_000, 100_000)
POINTS = 10_000
AIM = 1.2
METHODS = ("GetBalance", "SpendPoints")


@dataclass(frozen=True)
class Size:
    """How much is asked in a round, of each wallet."""

    rounds: int
    calls: int


FULL = Size(rounds=ROUNDS, calls=500)
QUICK = Size(rounds=1, calls=50)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few calls, one round: does it run at all")
    size = QUICK if parser.parse_args().quick else FULL
    heading("GetBalance and SpendPoints of one point, one at a time, by the lots of the wallet")
    with ground() as stores, Load() as load:
        ledger = Ledger(stores.store_url)
        for lots in LOTS:
            ledger.fill([member_wallet(_member(lots))], Filling(lots, POINTS))
        with serving(stores) as server:
            bench = _Bench(stores, ledger, server, load, size.calls)
            settle(ledger)
            rounds = interleaved(bench.contenders(), size.rounds)
        ledger.close()
    _report(rounds)


class _Bench:
    """Three wallets, and how much was spent from each."""

    def __init__(self, stores: Ground, ledger: Ledger, server: Child, load: Load, calls: int) -> None:
        self._stores, self._ledger = stores, ledger
        self._server, self._load = server, load
        self._calls = calls
        self._spent = dict.fromkeys(LOTS, 0)

    def contenders(self) -> Mapping[str, Contender]:
        def looking(lots: int) -> Contender:
            return lambda: self._looked(lots)

        def spending(lots: int) -> Contender:
            return lambda: self._spends(lots)

        looks = {_name("GetBalance", lots): looking(lots) for lots in LOTS}
        return looks | {_name("SpendPoints", lots): spending(lots) for lots in LOTS}

    def _looked(self, lots: int) -> Sample:
        request = pb.GetBalanceRequest(programme_id=PROGRAMME, member_id=_member(lots))
        requests = [request.SerializeToString()] * self._calls
        sample, driven = self._driven("GetBalance", requests)
        found = {pb.GetBalanceResponse.FromString(each).balance.active_points for each in driven.answers}
        _require(found == {self._left(lots)}, "balances are wrong")
        return sample

    def _spends(self, lots: int) -> Sample:
        requests = [
            pb.SpendPointsRequest(
                request_id=uuid4().hex, programme_id=PROGRAMME, member_id=_member(lots), points=1
            ).SerializeToString()
            for _ in range(self._calls)
        ]
        sample, driven = self._driven("SpendPoints", requests)
        before = self._left(lots)
        self._spent[lots] += self._calls
        told = [pb.SpendPointsResponse.FromString(each).balance.active_points for each in driven.answers]
        _require(told == list(range(before - 1, self._left(lots) - 1, -1)), "answers are wrong")
        self._check(lots)
        return sample

    def _driven(self, method: str, requests: list[bytes]) -> tuple[Sample, Driven]:
        settle(self._ledger)
        before = self._stores.meter()
        work: Callable[[], Driven] = lambda: self._load.drive(  # noqa: E731  # one that is only handed on
            self._server.address, SERVICE + method, requests, 1
        )
        sample, driven = self._server.sample(work)
        database = self._stores.meter().since(before).database_seconds
        return replace(sample, database_seconds=database), driven

    def _check(self, lots: int) -> None:
        wallet_id = member_wallet(_member(lots))
        alive = "SELECT COUNT(*) FROM honey_lot WHERE wallet_id = :id AND active > 0"
        spent = "SELECT spent FROM honey_wallet WHERE wallet_id = :id"
        _require(self._ledger.value(alive, id=wallet_id) == lots, "lots are used up")
        _require(self._ledger.value(spent, id=wallet_id) == self._spent[lots], "spends are missing")
        self._ledger.require_sound([wallet_id])

    def _left(self, lots: int) -> int:
        return lots * POINTS - self._spent[lots]


def _member(lots: int) -> str:
    return f"with_{lots}"


def _name(method: str, lots: int) -> str:
    return f"{method}, {lots:,} lots"


def _require(kept: bool, broken: str) -> None:
    if not kept:
        raise AssertionError(f"{broken}: the run is void")


def _report(rounds: Rounds) -> None:
    rows = []
    for method in METHODS:
        smallest = rounds[_name(method, LOTS[0])]
        for lots in LOTS:
            samples = rounds[_name(method, lots)]
            slower = ratios(samples, smallest, lambda sample: sample.seconds)
            figures = (
                spread(samples, lambda sample: sample.seconds / sample.calls * 1e6).median,
                spread(samples, lambda sample: sample.cpu_us).median,
                spread(samples, lambda sample: sample.database_us).median,
            )
            cpu = ratios(samples, smallest, lambda sample: sample.cpu_seconds)
            aim = at_most(slower, AIM) if lots != LOTS[0] else ""
            rows.append([_name(method, lots), *map(number, figures), ranged(slower), aim, ranged(cpu)])
    columns = ["", "us a call", "CPU us", "MariaDB CPU us", "time against 10 lots (range)", "aim"]
    table([*columns, "CPU against 10 lots (range)"], rows)


if __name__ == "__main__":
    main()
