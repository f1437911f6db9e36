"""How bars look: by colour where there is one, and by their filling everywhere."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from nectary.identity.v1 import identity_pb2 as pb


class Look(Enum):
    """What the legend says, how it is filled (and where there is only ASCII), and in which colour."""

    ACTIVE = ("active", "█", "#", "green")
    QUEUED = ("queued", "▒", "=", "cyan")
    FROZEN = ("frozen", "≈", "~", "blue")
    ENDED = ("ended", "░", "-", "bright_black")
    SUPERSEDED = ("upgraded", "·", ".", "magenta")
    REFUNDED = ("refunded", "×", "x", "red")

    @property
    def caption(self) -> str:
        return self.value[0]

    @property
    def colour(self) -> str:
        return self.value[3]


@dataclass(frozen=True)
class Glyphs:
    """The characters of a drawing."""

    is_unicode: bool

    def fill(self, look: Look) -> str:
        return look.value[1] if self.is_unicode else look.value[2]

    @property
    def begin(self) -> str:
        return "▌" if self.is_unicode else "["

    @property
    def now(self) -> str:
        return "▼" if self.is_unicode else "v"

    @property
    def now_line(self) -> str:
        return "┊" if self.is_unicode else ":"

    @property
    def cut(self) -> str:
        return "…" if self.is_unicode else "."


def glyphs_for(encoding: str) -> Glyphs:
    """Those that a terminal of this encoding can show."""
    return Glyphs(encoding.lower().replace("-", "").startswith("utf"))


def look_of(state: int, start: datetime, end: datetime, now: datetime) -> Look:
    """Of one segment. What a term is says most; what is past or to come says the segment itself."""
    if state == pb.TERM_STATE_REFUNDED:
        return Look.REFUNDED
    if state == pb.TERM_STATE_SUPERSEDED:
        return Look.SUPERSEDED
    if end <= now:
        return Look.ENDED
    if start <= now:
        return Look.ACTIVE
    return Look.FROZEN if state == pb.TERM_STATE_FROZEN else Look.QUEUED
