"""Enums of the domain and of the wire, which name the same things with and without a prefix."""

from enum import StrEnum
from typing import Any, Generic, TypeVar

E = TypeVar("E", bound=StrEnum)


class Names(Generic[E]):
    """One enum in both worlds: `RELATION_POLICY_STACK` on the wire is `Policy.STACK` here."""

    def __init__(self, own: type[E], wire: Any) -> None:
        prefix = wire.Name(0).removesuffix("UNSPECIFIED")
        self._to_wire = {item: wire.Value(prefix + item.value) for item in own}
        self._to_own = {number: item for item, number in self._to_wire.items()}

    def wire(self, item: E) -> Any:
        return self._to_wire[item]

    def own(self, number: int) -> E:
        """Raises KeyError for UNSPECIFIED: validation refused it, or use `own_or`."""
        return self._to_own[number]

    def own_or(self, number: int, default: E) -> E:
        return self._to_own.get(number, default)

    def own_or_none(self, number: int) -> E | None:
        return self._to_own.get(number)
