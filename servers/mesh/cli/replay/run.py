"""Sends purchases through a mesh: the clock is set to each moment, then all of that moment go at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from clients import NectaryError, Throttled, Unavailable
from clients import Purchase as Wanted
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.mesh.cli.exits import CommandError
from servers.mesh.cli.output import Step
from servers.mesh.cli.replay.purchases import Purchase, Refusal
from servers.mesh.cli.replay.schedule import Wave
from servers.mesh.cli.session import Mesh

AT_ONCE = 32
TRIES = 6
LONGEST_WAIT_SECONDS = 2.0
T = TypeVar("T")


@dataclass(frozen=True)
class Bought:
    """A purchase that was accepted."""

    purchase: Purchase
    at: datetime
    term_id: str


@dataclass(frozen=True)
class Refused:
    """A purchase that was not."""

    purchase: Purchase
    at: datetime
    reason: str
    message: str

    def as_refusal(self) -> Refusal:
        return Refusal(
            self.purchase.line,
            self.purchase.member_id,
            self.purchase.day.isoformat(),
            str(self.purchase.amount),
            self.purchase.band.sku_id,
            self.reason,
            self.message,
        )


@dataclass
class Run:
    """What came of all purchases, in the order in which they happened."""

    outcomes: list[Bought | Refused] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def refused(self) -> list[Refused]:
        return [one for one in self.outcomes if isinstance(one, Refused)]

    @property
    def purchases_per_second(self) -> float:
        return len(self.outcomes) / self.seconds if self.seconds else 0.0


async def run(mesh: Mesh, waves: Sequence[Wave], name: str, step: Step) -> Run:
    """Buys everything. `name` begins the request ids, so that a second run of a file repeats nothing.

    Raises what the clock's server answers, and CommandError if the mesh stops answering.
    """
    result = Run()
    gate = asyncio.Semaphore(AT_ONCE)
    began = time.monotonic()
    for wave in waves:
        await mesh.clock.set(wave.at, frozen=True)
        buying = (_buy(mesh, one, wave.at, name, gate) for one in wave.purchases)
        result.outcomes += await asyncio.gather(*buying)
        step(len(wave.purchases), wave.at.date().isoformat())
    result.seconds = time.monotonic() - began
    return result


async def _buy(
    mesh: Mesh, purchase: Purchase, at: datetime, name: str, gate: asyncio.Semaphore
) -> Bought | Refused:
    async with gate:
        try:
            paid = await _order_and_pay(mesh, purchase, f"{name}:{purchase.line}")
        except NectaryError as error:
            if not error.reason:
                raise CommandError(
                    f"line {purchase.line}: the mesh does not answer: {error.message}"
                ) from error
            return Refused(purchase, at, error.reason, error.message)
        return Bought(purchase, at, paid.term.term_id)


async def _order_and_pay(mesh: Mesh, purchase: Purchase, name: str) -> pb.ConfirmPaymentResponse:
    band = purchase.band
    wanted = Wanted(purchase.member_id, band.sku_id, band.source, band.channel)
    order = (await _patient(lambda: mesh.identity.create_order(wanted, request_id=f"{name}:order"))).order
    return await _patient(
        lambda: mesh.identity.confirm_payment(
            order.order_id, payment_id=f"{name}:payment", amount=order.payable, request_id=f"{name}:pay"
        )
    )


async def _patient(call: Callable[[], Awaitable[T]]) -> T:
    """Comes back when the mesh asks to; the request id makes that harmless."""
    for _ in range(TRIES - 1):
        try:
            return await call()
        except (Throttled, Unavailable) as error:
            await asyncio.sleep(min(error.retry_after_seconds or 0.1, LONGEST_WAIT_SECONDS))
    return await call()
