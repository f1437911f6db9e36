"""Activities and histories of commands to judge: small stocks, few members, so that everything collides."""

from random import Random

from hypothesis import strategies as st

from domain.seckill.activity import Activity, ActivityState, Settings, SkuItem, Tranche
from domain.seckill.commands import Cancel, Command, Deliver, Expire, Pay, RefuseDelivery, Reserve
from domain.shared.instants import SECOND, Instant
from domain.shared.money import Money

PRICE = Money("CNY", 100)
OPENS: Instant = 100 * SECOND
CLOSES: Instant = 160 * SECOND
PAYMENT_SECONDS = 10
MEMBERS = ("ann", "bob", "cat", "dan")
SKUS = ("gold", "green")

History = list[list[tuple[Instant, Command]]]
"""Groups of commands, each with the instant at which its group runs."""


def an_activity(
    stock: int = 3,
    tranches: tuple[Tranche, ...] = (),
    member_limit: int = 2,
    state: ActivityState = ActivityState.PUBLISHED,
    scenes: tuple[str, ...] = (),
) -> Activity:
    settings = Settings(
        title="Gold for a song",
        item=SkuItem("gold_annual"),
        price=PRICE,
        opens=OPENS,
        closes=CLOSES,
        stock=sum(one.stock for one in tranches) or stock,
        member_limit=member_limit,
        payment_seconds=PAYMENT_SECONDS,
        scenes=scenes,
        tranches=tranches,
    )
    return Activity("gold_sale", 1, state, settings, created=0, updated=0)


def an_example(seed: int) -> tuple[Activity, History]:
    """An activity, mostly one that sells, and a history of it: up to thirty groups of commands."""
    random = Random(seed)
    return _activity(random), _history(random)


examples = st.integers(0, 2**32).map(an_example)
"""Drawn by one number: a history has hundreds of choices, and drawing each apart took the most time."""


def _activity(random: Random) -> Activity:
    tranches = []
    for number in range(1, random.randint(0, 3) + 1):
        skus = tuple(sorted(random.sample(SKUS, random.randint(0, 2))))
        release = random.choice([None, OPENS + 20 * SECOND]) if skus else None
        tranches.append(Tranche(number, random.randint(1, 3), skus, release))
    return an_activity(
        stock=random.randint(1, 5),
        tranches=tuple(tranches),
        member_limit=random.randint(1, 3),
        state=random.choice([ActivityState.PUBLISHED] * 18 + [ActivityState.DRAFT, ActivityState.CLOSED]),
        scenes=random.choice([(), ("app",)]),
    )


def _history(random: Random) -> History:
    now, number, found = OPENS - 2 * SECOND, 0, []
    for _ in range(random.randint(1, 30)):
        now += random.choice([0, 1, SECOND, 2 * SECOND, 4 * SECOND, 11 * SECOND])
        size = random.randint(1, 4)
        found.append([(now, _command(random, number + index)) for index in range(size)])
        number += size
    return found


def _command(random: Random, number: int) -> Command:
    """The `number`-th of a history, whose orders are named by the numbers of their reservations."""
    order_id = f"order-{random.randint(0, max(number - 1, 0))}"
    return random.choice([_reservation] * 6 + [_payment] * 4 + [_cancel, _expiry, _delivery, _refusal])(
        random, order_id, number
    )


def _reservation(random: Random, _: str, number: int) -> Command:
    return Reserve(
        order_id=f"order-{number}",
        member_id=random.choice(MEMBERS),
        request_id=f"request-{random.randint(0, 5)}",
        quantity=random.choice([1, 1, 1, 2, 3]),
        scene=random.choice(["app", "app", "app", ""]),
        held_skus=frozenset(random.sample(SKUS, random.randint(0, 2))),
        claimed=random.randint(0, 3),
    )


def _payment(random: Random, order_id: str, number: int) -> Command:
    amount = random.choice([PRICE, PRICE, PRICE, Money("CNY", 200), Money("USD", 100)])
    paid = random.choice([None, random.randint(OPENS - SECOND, CLOSES + 30 * SECOND)])
    return Pay(order_id, f"payment-{random.randint(0, 12)}", amount, paid)


def _cancel(random: Random, order_id: str, number: int) -> Command:
    return Cancel(order_id)


def _expiry(random: Random, order_id: str, number: int) -> Command:
    return Expire(order_id)


def _delivery(random: Random, order_id: str, number: int) -> Command:
    return Deliver(order_id)


def _refusal(random: Random, order_id: str, number: int) -> Command:
    return RefuseDelivery(order_id, "no such card")
