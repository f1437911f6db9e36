"""The rules of all programmes, one revision after the other."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.honey.programme import Programme


@dataclass(frozen=True, slots=True)
class Rules:
    """One revision. 0 before the first."""

    revision: int
    programmes: Mapping[str, Programme]


NONE = Rules(0, {})
