"""What Honey keeps as JSON: rules, the parts of holds and spends, the balances after a transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict, ParseDict

from domain.honey.accounts import Account
from domain.honey.lots import Part
from domain.honey.programme import HeldExpiry, Programme, Shortfall
from domain.honey.rules import Rules
from domain.honey.transactions import Balances
from nectary.honey.v1 import honey_pb2
from servers.honey.wire import rules as wire


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


def rules_document(rules: Rules) -> bytes:
    """The message `Rules` in its JSON form, so that there is one codec of rules."""
    document = MessageToDict(wire.rules(rules), preserving_proto_field_name=True)
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def rules_of(document: bytes) -> Iterable[Programme]:
    """Raises ParseError for what it does not know: rules that are half read would give other points."""
    told = orjson.loads(document)
    if isinstance(told, list):
        return [_programme_of_before(each) for each in told]
    return wire.programmes_of(ParseDict(told, honey_pb2.Rules()))


def _programme_of_before(told: dict[str, Any]) -> Programme:
    """Before there were scenes, rules were a list of programmes with the domain's own names."""
    return Programme(
        programme_id=told["programme_id"],
        zone=told["zone"],
        held_expiry=HeldExpiry(told["held_expiry"]),
        shortfall=Shortfall(told["shortfall"]),
        longest_hold=told["longest_hold"],
        reinstatement_window=told["reinstatement_window"],
    )
