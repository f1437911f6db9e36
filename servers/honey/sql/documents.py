"""What Honey keeps as JSON: the parts of holds and spends, the balances after a transaction."""

from collections.abc import Sequence

import orjson

from domain.honey.accounts import Account
from domain.honey.lots import Part
from domain.honey.transactions import Balances


def parts_document(parts: Sequence[Part]) -> bytes:
    return orjson.dumps([[part.lot_id, part.points] for part in parts])


def parts_of(document: bytes) -> tuple[Part, ...]:
    return tuple(Part(lot_id, points) for lot_id, points in orjson.loads(document))


def balances_document(balances: Balances) -> bytes:
    return orjson.dumps(
        {account.value: points for account, points in balances.items()}, option=orjson.OPT_SORT_KEYS
    )


def balances_of(document: bytes) -> Balances:
    return {Account(name): points for name, points in orjson.loads(document).items()}
