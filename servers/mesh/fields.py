"""Finds the fields of a message that have some mark, wherever they are nested.

Messages are walked by accessors that are made once a message type and know only the branches in
which a mark can occur: a type without one costs nothing at all.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

Found = tuple[str, Any]
"""The path of a field, as `catalog.skus[2].price`, and its value."""
Finder = Callable[[Message], Iterator[Found]]
IsMarked = Callable[[FieldDescriptor], bool]


class Fields:
    """Makes finders for one mark, one a message type."""

    def __init__(self, is_marked: IsMarked) -> None:
        self._is_marked = is_marked
        self._finders: dict[str, Finder | None] = {}

    def finder(self, of: Descriptor) -> Finder | None:
        """Finds all marked fields that are set, in messages of this type; None if it can have none."""
        if of.full_name not in self._finders:
            self._finders[of.full_name] = self._make(of) if self._occurs_in(of, set()) else None
        return self._finders[of.full_name]

    def at_top(self, of: Descriptor) -> tuple[str, ...] | None:
        """Names of the marked fields, if none is repeated and none lies deeper: then no walk is needed."""
        marked = tuple(field.name for field in of.fields if self._is_marked(field) and not field.is_repeated)
        found = sum(
            self._is_marked(field)
            or ((inner := _message_in(field)) is not None and self._occurs_in(inner, set()))
            for field in of.fields
        )
        return marked if len(marked) == found else None

    def _occurs_in(self, of: Descriptor, seen: set[str]) -> bool:
        seen.add(of.full_name)
        return any(
            self._is_marked(field)
            or (
                (inner := _message_in(field)) is not None
                and inner.full_name not in seen
                and self._occurs_in(inner, seen)
            )
            for field in of.fields
        )

    def _make(self, of: Descriptor) -> Finder:
        marked = {field.name for field in of.fields if self._is_marked(field)}
        branches = {
            field.name: inner
            for field in of.fields
            if (inner := _message_in(field)) is not None and self._occurs_in(inner, set())
        }

        def find(message: Message) -> Iterator[Found]:
            for field, value in message.ListFields():
                if field.name in marked:
                    yield from _items(field, value)
                elif field.name in branches:
                    # Looked up late, since a message can contain itself.
                    find_inside = self.finder(branches[field.name])
                    for path, child in _items(field, value):
                        if find_inside is not None:
                            yield from ((f"{path}.{rest}", found) for rest, found in find_inside(child))

        return find


def _message_in(field: FieldDescriptor) -> Descriptor | None:
    """The type of the messages that a field holds: one, a list of them, or the values of a map."""
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return field.message_type.fields_by_name["value"].message_type
    return field.message_type


def _items(field: FieldDescriptor, value: Any) -> Iterator[Found]:
    if isinstance(value, Mapping):
        yield from ((f"{field.name}[{_key(key)}]", item) for key, item in value.items())
    elif field.is_repeated:
        yield from ((f"{field.name}[{index}]", item) for index, item in enumerate(value))
    else:
        yield field.name, value


def _key(key: object) -> str:
    return f'"{key}"' if isinstance(key, str) else str(key).lower()
