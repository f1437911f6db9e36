"""How many payments are confirmed a second, next to single-row commits of the same driver?

    python -m benchmarks.identity_payments [--quick]

32 callers at any time, each for another member, on a MariaDB that syncs every commit, with the relay
publishing the events meanwhile. Half of the payments open a timeline, half renew a card. The baseline
is 32 tasks that insert one row and commit, with asyncmy on uvloop, on the same MariaDB. Aim: a quarter
of the baseline's rate; stretch: half, which only one commit for several members can reach.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.measuring.commits import CREATE, commit_rows
from benchmarks.measuring.load import Load
from benchmarks.measuring.members import give, new_id
from benchmarks.measuring.mesh import Mesh, mesh
from benchmarks.measuring.rounds import ROUNDS, Rounds, Sample, interleaved, ratios, spread
from benchmarks.measuring.table import at_least, heading, number, ranged, table
from nectary.identity.v1 import catalog_pb2 as cards
from nectary.identity.v1 import identity_pb2 as identity
from nectary.identity.v1 import identity_service_pb2 as pb

CONCURRENT = 32
SKU = "gold_annual"
SERVICE = "/nectary.identity.v1.IdentityService/"
PAYMENTS, COMMITS = "ConfirmPayment", "raw INSERT + COMMIT"
RAW = "raw.raw_commit"
EFFECTS = (
    "identity_order WHERE state = 'PAID'",
    "identity_term WHERE cause_kind = 'ORDER'",
    "identity_idempotency",
)
"""What each payment adds one row to, and nothing else does meanwhile."""
QUARTER, HALF = 0.25, 0.5


@dataclass(frozen=True)
class Size:
    """How much is done in a round."""

    rounds: int
    payments: int
    commits: int


FULL = Size(rounds=ROUNDS, payments=3_200, commits=9_600)
QUICK = Size(rounds=1, payments=320, commits=960)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few payments, one round: does it run at all")
    size = QUICK if parser.parse_args().quick else FULL
    heading("ConfirmPayment next to raw single-row commits, 32 at a time")
    with mesh() as own, Load() as load:
        bench = _Bench(own, load, size)
        rounds = interleaved({COMMITS: bench.commits, PAYMENTS: bench.payments}, size.rounds)
    _report(rounds)


class _Bench:
    """Both contenders, on one MariaDB."""

    def __init__(self, own: Mesh, load: Load, size: Size) -> None:
        self._mesh = own
        self._load = load
        self._size = size
        self._raw_url = own.mariadb.create_database("raw")
        with own.mariadb.connect("raw") as connection, connection.cursor() as cursor:
            cursor.execute(CREATE)

    def commits(self) -> Sample:
        rows, (before,) = self._size.commits, self._mesh.counts(RAW)
        database_before = self._mesh.database_cpu_seconds()
        done = self._load.run(commit_rows, self._raw_url, rows, CONCURRENT)
        database = self._mesh.database_cpu_seconds() - database_before
        _require(self._mesh.counts(RAW) == (before + rows,), "rows are missing")
        return Sample(rows, done.seconds, done.cpu_seconds, database)

    def payments(self) -> Sample:
        requests = self._ordered()
        self._mesh.settle()
        before = self._mesh.counts(*EFFECTS)
        database_before, server = self._mesh.database_cpu_seconds(), self._mesh.server
        sample, driven = server.sample(
            lambda: self._load.drive(server.address, SERVICE + "ConfirmPayment", requests, CONCURRENT)
        )
        database = self._mesh.database_cpu_seconds() - database_before
        answers = [pb.ConfirmPaymentResponse.FromString(answer) for answer in driven.answers]
        _require(all(answer.order.state == identity.ORDER_STATE_PAID for answer in answers), "not paid")
        after = tuple(count + len(requests) for count in before)
        _require(self._mesh.counts(*EFFECTS) == after, "effects and payments differ in number")
        return replace(sample, database_seconds=database)

    def _ordered(self) -> Sequence[bytes]:
        """Payments of new orders, one each for new members, every second of whom holds the card already."""
        members = [new_id() for _ in range(self._size.payments)]
        give(self._mesh, self._load, [(member_id, SKU) for member_id in members[::2]])
        requests = [_order(member_id).SerializeToString() for member_id in members]
        address = self._mesh.server.address
        made = self._load.drive(address, SERVICE + "CreateOrder", requests, CONCURRENT)
        orders = [pb.CreateOrderResponse.FromString(answer).order for answer in made.answers]
        return [_payment(order).SerializeToString() for order in orders]


def _order(member_id: str) -> pb.CreateOrderRequest:
    return pb.CreateOrderRequest(
        request_id=new_id(),
        member_id=member_id,
        sku_id=SKU,
        source="benchmark",
        acquisition_channel=cards.ACQUISITION_CHANNEL_APP_PURCHASE,
    )


def _payment(order: identity.Order) -> pb.ConfirmPaymentRequest:
    return pb.ConfirmPaymentRequest(
        request_id=new_id(), order_id=order.order_id, payment_id=new_id(), amount=order.payable
    )


def _require(kept: bool, broken: str) -> None:
    if not kept:
        raise AssertionError(f"{broken}: the run is void")


def _report(rounds: Rounds) -> None:
    rows = []
    for name, samples in rounds.items():
        against = ratios(samples, rounds[COMMITS], lambda sample: sample.rate)
        medians = [
            spread(samples, figure).median
            for figure in (
                lambda sample: sample.rate,
                lambda sample: sample.cpu_us,
                lambda sample: sample.database_us,
            )
        ]
        aims = [at_least(against, aim) for aim in (QUARTER, HALF)] if name == PAYMENTS else ["", ""]
        rows.append([name, *map(number, medians), ranged(against), *aims])
    columns = ["", "per second", "CPU us", "MariaDB CPU us", "rate against raw (range)", "aim", "stretch"]
    table(columns, rows)


if __name__ == "__main__":
    main()
