"""Facts and documents as JSON with sorted keys: the same value always gives the same bytes.

Frozen dataclasses are written field by field, unions with the class name beside them. A field that is
new in the code and missing in old bytes takes its default: documents are never rewritten.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from typing import Any, TypeVar

import orjson

from domain.identity import facts
from domain.identity.facts import Fact

T = TypeVar("T")
KIND = "kind"
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS

FACTS: Mapping[str, type[Any]] = {fact.__name__: fact for fact in typing.get_args(Fact)}
"""The kinds of facts by name; the names are part of the stored format."""


def encode(value: Any) -> bytes:
    """A dataclass as JSON."""
    return orjson.dumps(value, default=_plain, option=_OPTIONS)


def decode(kind: type[T], payload: bytes) -> T:
    """Back again. Raises ValueError, KeyError or TypeError if the bytes are something else."""
    return typing.cast("T", _reader(kind)(orjson.loads(payload)))


def encode_fact(fact: Fact) -> bytes:
    """A fact as JSON; its kind is kept beside it."""
    return encode(fact)


def decode_fact(kind: str, payload: bytes) -> Fact:
    return typing.cast("Fact", decode(FACTS[kind], payload))


def _plain(value: Any) -> Any:
    """What orjson does not write by itself, in terms of what it does."""
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Sequence):
        return list(value)
    plain = {name: getattr(value, name) for name in _names(type(value))}
    if type(value).__name__ in FACTS:
        plain[KIND] = type(value).__name__
    return plain


_NAMES: dict[Any, tuple[str, ...]] = {}
_READERS: dict[Any, Callable[[Any], Any]] = {}


def _names(kind: Any) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in dataclasses.fields(kind))
    return _NAMES[kind]


def _reader(kind: Any) -> Callable[[Any], Any]:
    """A function that builds a value of a type from plain JSON, worked out once for each type."""
    if kind not in _READERS:
        _READERS[kind] = _made_reader(kind)
    return _READERS[kind]


def _made_reader(kind: Any) -> Callable[[Any], Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Fact:
        return _read_fact
    if origin in (types.UnionType, typing.Union):
        inner = _reader(next(argument for argument in arguments if argument is not types.NoneType))
        return lambda plain: None if plain is None else inner(plain)
    if origin is tuple and arguments[-1] is not Ellipsis:
        readers = [_reader(argument) for argument in arguments]
        return lambda plain: tuple(read(item) for read, item in zip(readers, plain, strict=True))
    if origin is tuple or origin in (Sequence, typing.Sequence):
        item_reader = _reader(arguments[0])
        return lambda plain: tuple(map(item_reader, plain))
    if origin is frozenset:
        member_reader = _reader(arguments[0])
        return lambda plain: frozenset(map(member_reader, plain))
    if origin in (Mapping, dict):
        value_reader = _reader(arguments[1])
        return lambda plain: {key: value_reader(item) for key, item in plain.items()}
    if kind is Fraction:
        return Fraction
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(typing.cast("type[Any]", kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return lambda plain: plain


def _dataclass_reader(kind: type[Any]) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(kind, vars(facts))
    readers = [(name, _reader(hints[name])) for name in _names(kind)]

    def read(plain: Mapping[str, Any]) -> Any:
        return kind(**{name: reader(plain[name]) for name, reader in readers if name in plain})

    return read


def _read_fact(plain: Mapping[str, Any]) -> Any:
    return _reader(FACTS[plain[KIND]])(plain)
