"""The one JSON form of the domain's values: sorted, without spaces, the same bytes for the same value.

For what is published, recorded, hashed. Reading is lenient towards newer writers: unknown fields are
passed over, missing ones have their default; anything else that does not fit is a ValueError.
"""

import json
from collections.abc import Hashable, Mapping, Set
from dataclasses import is_dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

_T = TypeVar("_T")

TYPE = "type"
"""The field that tells apart the classes of a union."""


def encoded(value: object) -> str:
    """The canonical JSON of a dataclass of the domain."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def decoded(kind: type[_T], text: str | bytes) -> _T:
    """The value of a class that was encoded so. Raises ValueError if it cannot be one."""
    try:
        value: _T = _read(kind, json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"no {kind.__name__}: {error}") from error
    return value


def plain(value: object) -> Any:
    """As JSON knows it: dataclasses as objects, sets in order."""
    if isinstance(value, StrEnum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        content = {name: plain(getattr(value, name)) for name in _types(type(value))}
        return {TYPE: type(value).__name__, **content}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted(plain(item) for item in value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def _read(kind: Any, found: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return _read_one_of(inner, found)
    if origin is tuple:
        return tuple(_read(inner[0], item) for item in _a(list, found))
    if origin is frozenset:
        return frozenset(_read(inner[0], item) for item in _a(list, found))
    if origin is not None:
        # What is left is a mapping by names.
        return {key: _read(inner[1], item) for key, item in _a(dict, found).items()}
    if is_dataclass(kind) and isinstance(kind, type):
        content = _a(dict, found)
        known = _types(kind)
        return kind(**{name: _read(known[name], item) for name, item in content.items() if name in known})
    if issubclass(kind, StrEnum):
        return kind(found)
    return _a(kind, found)


def _read_one_of(kinds: tuple[Any, ...], found: Any) -> Any:
    if found is None and type(None) in kinds:
        return None
    classes = [kind for kind in kinds if kind is not type(None)]
    if len(classes) == 1:
        return _read(classes[0], found)
    return _read({kind.__name__: kind for kind in classes}[found[TYPE]], found)


def _a(kind: type, found: Any) -> Any:
    # Not isinstance: True is no number here.
    if type(found) is not kind:
        raise TypeError(f"{found!r:.40} is no {kind.__name__}")
    return found


@cache
def _types(kind: Hashable) -> Mapping[str, Any]:
    return get_type_hints(kind)
