"""x."""
import asyncio
from collections import Counter
from functools import partial
from itertools import cycle
from tests.scenario.identity.test_two_servers import pair, _ordered, persistent, all_at_once
from tests.wire.identity import requests as r
from tests.wire.identity.cards import MONTHLY, CARD
from clients import NectaryError

async def test_stress(pair) -> None:
    seen = Counter()
    for _ in range(60):
        orders = await _ordered(pair, 32)
        payments = [r.a_payment(order) for order in orders for _ in pair]
        for first, second in zip(payments[::2], payments[1::2], strict=True):
            second.payment_id = first.payment_id
        servers = cycle(pair)
        out = await asyncio.gather(*(next(servers).identity.ConfirmPayment(p) for p in payments), return_exceptions=True)
        seen.update(o.reason if isinstance(o, NectaryError) else type(o).__name__ for o in out)
    print("PAY", seen)
    seen = Counter()
    for _ in range(60):
        members = [r.a_member() for _ in range(16)]
        servers = cycle(pair)
        calls = []
        for m in members:
            c = r.a_cause()
            for _ in range(2):
                calls.append(next(servers).identity.GrantTerm(r.a_grant(m, MONTHLY, cause=c)))
        out = await asyncio.gather(*calls, return_exceptions=True)
        seen.update(o.reason if isinstance(o, NectaryError) else type(o).__name__ for o in out)
    print("CAUSE", seen)
