"""What the contract says in enum names and numbers, in words."""

from typing import TYPE_CHECKING

from servers.mesh.cli.exits import UsageError

if TYPE_CHECKING:
    from google.protobuf.descriptor import EnumDescriptor

    from nectary.common.v1 import money_pb2
    from nectary.identity.v1 import catalog_pb2

_UNITS = {"h": "HOUR", "d": "DAY", "m": "MONTH", "y": "YEAR"}


def word_of(kind: "EnumDescriptor", value: int) -> str:
    """`TERM_STATE_ACTIVE` as `active`; a value that this version does not know as its number."""
    known = kind.values_by_number.get(value)
    return known.name.removeprefix(_prefix(kind)).lower().replace("_", " ") if known else str(value)


def value_of(kind: "EnumDescriptor", word: str) -> int:
    """`app-purchase`, `app_purchase` or the full name as the value. Raises UsageError, with all words."""
    prefix = _prefix(kind)
    known = {full.removeprefix(prefix): one.number for full, one in kind.values_by_name.items() if one.number}
    name = word.upper().replace("-", "_").removeprefix(prefix)
    if name not in known:
        words = ", ".join(one.lower().replace("_", "-") for one in known)
        raise UsageError(f"{word!r} is none of: {words}")
    return int(known[name])


def _prefix(kind: "EnumDescriptor") -> str:
    """What all values of a kind begin with: the contract calls each zero `.._UNSPECIFIED`."""
    return kind.values_by_number[0].name.removesuffix("UNSPECIFIED")


def money(amount: "money_pb2.Money") -> str:
    """`299.00 CNY`; nothing for no amount."""
    if not amount.currency:
        return ""
    return f"{amount.amount_minor // 100}.{amount.amount_minor % 100:02} {amount.currency}"


def period(length: "catalog_pb2.Period") -> str:
    """`3 months`."""
    from nectary.identity.v1 import catalog_pb2

    unit = word_of(catalog_pb2.PeriodUnit.DESCRIPTOR, length.unit)
    return f"{length.count} {unit}{'s' if length.count != 1 else ''}"


def parse_period(text: str) -> "catalog_pb2.Period":
    """`12h`, `30d`, `3m` (months) or `1y`. Raises UsageError."""
    from nectary.identity.v1 import catalog_pb2

    count, unit = text[:-1], text[-1:]
    if not count.isdecimal() or unit not in _UNITS:
        raise UsageError(f"cannot read {text!r} as a period", hint="12h, 30d, 3m (months) or 1y")
    return catalog_pb2.Period(
        count=int(count), unit=catalog_pb2.PeriodUnit.Value(f"PERIOD_UNIT_{_UNITS[unit]}")
    )
