"""Requests with one field out of bounds, made from descriptors: whatever a field is, it has a bound.

What may be empty, free text or as large as it likes stands in the tables below; a new field that is in none
of them must be bounded in its proto, or these tests say so.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.timestamp_pb2 import Timestamp

from buf.validate import validate_pb2

MAY_BE_EMPTY = {
    "CreateOrderRequest.preview_etag",
    "CancelOrderRequest.reason",
    "GrantTermRequest.reason",
    "ReinstateTermRequest.reason",
    "PauseTermRequest.reason",
    "ListEventsRequest.member_id",
    "ListEventsRequest.page_token",
    "ListSkuRevisionsRequest.page_token",
    "TerminateTermRequest.order_id",  # the base names a term
    "VoidCardsRequest.batch_id",  # the base names codes
    "Spu.zone",
    "Sku.trial_family",
}
FREE_TEXT = {"reason", "source", "sources", "title", "code", "codes", "preview_etag"}
"""Fields that take any character."""
MAY_BE_UNSPECIFIED = {
    "partial_mode",
    "default_residue",
    "compaction",
    "end_rounding",
    "renewal_anchor",
    "residue",
    "on_break",
}
MAY_BE_HUGE = {"page_size", "expected_revision", "min_timeline_version"}
MAY_BE_ABSENT = {
    "at",
    "as_of",
    "known_at",
    "effective_time",
    "start_time",
    "paid",
    "paid_time",
    "activation_start_time",
    "horizon",
    "fixed_period",
    "sale_start_time",
    "sale_end_time",
}
UNIQUE = {"member_ids", "fingerprints", "other_sku_ids", "acquisition_channels"}

TIMES = {
    "before 1970": Timestamp(seconds=-1),
    "after 9999": Timestamp(seconds=253_402_300_800),
    "absurd": Timestamp(seconds=2**63 - 1),
    "finer than a microsecond": Timestamp(seconds=1, nanos=1),
    "negative nanos": Timestamp(seconds=1, nanos=-1000),
    "a second of nanos": Timestamp(seconds=1, nanos=10**9),
}
SAMPLES = {"currency": "CNY"}
"""Good values for strings that the base leaves open; all others take `abcdefgh`."""


@dataclass(frozen=True)
class Case:
    """A request that is good but for one field."""

    field: str
    """As the violation must name it."""
    why: str
    request: Any

    def __str__(self) -> str:
        return f"{self.field} {self.why}"


Place = Callable[[Any], None]
"""Puts a value where it belongs, in a message that holds it."""


def broken(base: Any) -> Iterator[Case]:
    """Every way to break one field of a good request, which stays as it is."""
    filled = _copy(base)
    for path, why, change in _changes(base.DESCRIPTOR, filled):
        request = _copy(filled)
        change(request)
        yield Case(path, why, request)


def _copy(message: Any) -> Any:
    same = type(message)()
    same.CopyFrom(message)
    return same


Change = tuple[str, str, Place]
"""The path of a field, what is wrong with it, and how to make it wrong."""


def _changes(of: Descriptor, base: Any) -> Iterator[Change]:
    for field in of.fields:
        if field.is_repeated:
            yield from _of_list(field, base)
        elif field.message_type is None:
            for why, value in _bad_scalars(field, field.name, getattr(base, field.name)):
                yield field.name, why, _setter(field.name, value)
        elif field.message_type is Timestamp.DESCRIPTOR:
            for why, value in TIMES.items():
                yield field.name, why, _copier(field.name, value)
        else:
            yield from _below(field.name, _changes(field.message_type, getattr(base, field.name)))
        if field.message_type is not None and not field.is_repeated and field.name not in MAY_BE_ABSENT:
            yield field.name, "absent", _clearer(field.name)


def _of_list(field: FieldDescriptor, base: Any) -> Iterator[Change]:
    name, items = field.name, getattr(base, field.name)
    if field.message_type is not None:
        # An item to break may have to be made.
        item = items[0] if items else items.add()
        yield from _below(f"{name}[0]", _changes(field.message_type, item))
    else:
        value = items[0] if items else _sample(field)
        for why, bad in _bad_scalars(field, name, value):
            yield f"{name}[0]", why, _lister(name, [bad])
        if name in UNIQUE:
            yield name, "twice the same", _lister(name, [value, value])
    most = field.GetOptions().Extensions[validate_pb2.field].repeated.max_items
    yield name, f"more than {most}", _repeater(field, most + 1)


def _below(name: str, changes: Iterator[Change]) -> Iterator[Change]:
    for path, why, change in changes:
        yield f"{name}.{path}", why, _inside(name, change)


def _bad_scalars(field: FieldDescriptor, name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if field.type == FieldDescriptor.TYPE_STRING:
        yield from _bad_strings(field, name, value or SAMPLES.get(name, "abcdefgh"))
    elif field.type == FieldDescriptor.TYPE_ENUM:
        yield from (("unknown", 99), ("negative", -1))
        if name not in MAY_BE_UNSPECIFIED:
            yield "unspecified", 0
    elif field.type in (FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64):
        yield from _bad_numbers(field, name)
    else:
        assert field.type == FieldDescriptor.TYPE_BOOL, f"{field.full_name}: of which values is it?"


def _bad_strings(field: FieldDescriptor, name: str, value: str) -> Iterator[tuple[str, str]]:
    yield "far too long", "a" * 5_000
    message = field.full_name.split(".")[-2]
    if f"{message}.{name}" not in MAY_BE_EMPTY:
        yield "empty", ""
    if name not in FREE_TEXT:
        for what, tail in (("a space", " "), ("a line end", "\n"), ("a null", "\0"), ("no ASCII", "é")):
            yield f"with {what}", value[:-1] + tail


def _bad_numbers(field: FieldDescriptor, name: str) -> Iterator[tuple[str, int]]:
    bits = 31 if field.type == FieldDescriptor.TYPE_INT32 else 63
    yield from (("negative", -1), ("absurdly negative", -(2**bits)))
    rules = field.GetOptions().Extensions[validate_pb2.field]
    bounds = rules.int32 if bits == 31 else rules.int64
    yield "just too small", bounds.gte - 1
    if name not in MAY_BE_HUGE:
        yield from (("absurd", 2**bits - 1), ("just too large", bounds.lte + 1))


def _sample(field: FieldDescriptor) -> Any:
    return "abcdefgh" if field.type == FieldDescriptor.TYPE_STRING else 1


def _setter(name: str, value: Any) -> Place:
    return lambda message: setattr(message, name, value)


def _copier(name: str, value: Any) -> Place:
    return lambda message: getattr(message, name).CopyFrom(value)


def _clearer(name: str) -> Place:
    return lambda message: message.ClearField(name)


def _lister(name: str, values: list[Any]) -> Place:
    def place(message: Any) -> None:
        message.ClearField(name)
        getattr(message, name).extend(values)

    return place


def _repeater(field: FieldDescriptor, count: int) -> Place:
    def place(message: Any) -> None:
        items = getattr(message, field.name)
        if field.message_type is not None:
            item = items[0] if items else items.add()
            items.extend([item] * (count - len(items)))
        elif field.type == FieldDescriptor.TYPE_STRING:
            items.extend(f"abcdefgh{number}" for number in range(count - len(items)))
        else:
            items.extend([1] * (count - len(items)))

    return place


def _inside(name: str, change: Place) -> Place:
    plain, bracket, _ = name.partition("[")

    def place(message: Any) -> None:
        inner = getattr(message, plain)
        if bracket:
            inner = inner[0] if inner else inner.add()
        else:
            # Its other fields stay as they are: absent means that none of them is set.
            inner.SetInParent()
        change(inner)

    return place
