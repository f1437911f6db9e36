"""Does a sale end exactly sold, if three of ten buyers do not pay?

    python -m benchmarks.seckill_churn [--quick]

3,000 members want 1,000 units that must be paid for within 3 s. Of those who get one, 15 % cancel and 15 %
let the time pass; the others pay. Who is refused comes again, with the same request id, until every unit is
paid for. 256 calls are under way at any time. Aim: 1,000 orders paid, no more and no fewer, in every round.
"""

import random
import time
from collections.abc import Sequence

from benchmarks.loadgen.driver import drive
from benchmarks.loadgen.plan import Call, Closed, Plan
from benchmarks.measuring.load import Load
from benchmarks.measuring.rounds import Spread
from benchmarks.measuring.table import heading, ranged, table
from benchmarks.selling.ground import DATABASE, Ground, ground
from benchmarks.selling.offers import Wish, new_id, offer, wishes
from benchmarks.selling.report import size_asked
from benchmarks.selling.sale import CONNECTIONS, IN_FLIGHT, Seller, seller
from nectary.seckill.v1 import seckill_pb2
from nectary.seckill.v1 import seckill_service_pb2 as pb

MEMBERS, STOCK, PAYMENT_SECONDS = 3_000, 1_000, 3
CANCEL, FORGET = 0.15, 0.15
MOST_PASSES = 300
SERVICE = "/nectary.seckill.v1.SeckillService/"
SEED = 20261122
_PAID = "SELECT COUNT(*) FROM seckill_order WHERE activity_id = %s AND state IN ('PAID', 'DELIVERED')"


def main() -> None:
    size = size_asked(__doc__)
    heading(f"{MEMBERS:,} members for {STOCK:,} units, three of ten not paid for")
    results = []
    with ground() as own, Load() as load, seller(own, load) as shop:
        for _ in range(size.rounds):
            results.append(_Churn(own, load, shop, size.part).run())
            shop.check()
    names = ("paid orders", "passes until then", "seconds", "reserved in all", "cancelled", "let go")
    table(
        ["", "median (range)"],
        [
            [name, ranged(Spread.of(values))]
            for name, values in zip(names, zip(*results, strict=True), strict=True)
        ],
    )


class _Churn:
    """One sale."""

    def __init__(self, own: Ground, load: Load, shop: Seller, part: int) -> None:
        self._ground = own
        self._load = load
        self._shop = shop
        self._members, self._stock = MEMBERS // part, STOCK // part
        self._random = random.Random(SEED)
        self._activity = offer(shop.server.address, STOCK // part, payment_seconds=PAYMENT_SECONDS)
        self._reserved = self._cancelled = self._forgotten = 0

    def run(self) -> tuple[int, int, float, int, int, int]:
        """Raises AssertionError if not every unit ends paid."""
        waiting, begun, passes = wishes(self._activity, self._members), time.monotonic(), 0
        while self._paid() < self._stock and passes < MOST_PASSES:
            passes += 1
            waiting = self._pass(waiting) or wishes(self._activity, self._members)
            time.sleep(0.2)
        seconds = time.monotonic() - begun
        if self._paid() != self._stock:
            raise AssertionError(f"{self._paid()} units are paid of {self._stock}: the run is void")
        return self._stock, passes, seconds, self._reserved, self._cancelled, self._forgotten

    def _pass(self, waiting: Sequence[Wish]) -> list[Wish]:
        """Everybody asks once; those who got nothing come again."""
        run = self._shop.sell(waiting)
        calls = []
        for answer in run.sold:
            reservation = pb.ReserveUnitResponse.FromString(answer.message).reservation
            self._reserved += 1
            lot = self._random.random()
            if lot < CANCEL:
                self._cancelled += 1
                calls.append(_cancel(reservation.order_id))
            elif lot < CANCEL + FORGET:
                self._forgotten += 1
            else:
                calls.append(_pay(reservation))
        self._settle(calls)
        sold = {answer.number for answer in run.sold}
        return [wish for number, wish in enumerate(waiting) if number not in sold]

    def _settle(self, calls: Sequence[Call]) -> None:
        if calls:
            plan = Plan(self._shop.server.address, calls, Closed(IN_FLIGHT), CONNECTIONS)
            journal = self._load.run(drive, plan)
            # Whoever cancels too late finds his order expired.
            if len(journal.successes()) + len(journal.refusals("ORDER_STATE_WRONG")) != len(calls):
                raise AssertionError(f"not all were paid or cancelled: {journal.counts()}")

    def _paid(self) -> int:
        with self._ground.mariadb.connect(DATABASE) as connection, connection.cursor() as cursor:
            cursor.execute(_PAID, (self._activity,))
            (count,) = cursor.fetchone() or (0,)
        return int(str(count))


def _pay(reservation: seckill_pb2.Reservation) -> Call:
    request = pb.ConfirmPaymentRequest(
        request_id=new_id(),
        order_id=reservation.order_id,
        payment_id=new_id("pay"),
        amount=reservation.payable,
    )
    return Call(SERVICE + "ConfirmPayment", request.SerializeToString())


def _cancel(order_id: str) -> Call:
    request = pb.CancelOrderRequest(request_id=new_id(), order_id=order_id, reason="a benchmark")
    return Call(SERVICE + "CancelOrder", request.SerializeToString())


if __name__ == "__main__":
    main()
