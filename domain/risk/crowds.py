"""Who shares a device or an address: distinct members, each by when it was last there."""

from collections import OrderedDict

from domain.risk.subjects import Subject
from domain.shared.instants import Instant

MOST_PLACES = 100_000
"""Devices and addresses remembered; of more, those longest without a call are forgotten."""
MOST_MEMBERS = 100_001
"""Of one place: one more than any rule may call normal."""


class Crowds:
    """Members by device or address. Only members who were proved belong here."""

    def __init__(self, places: int = MOST_PLACES) -> None:
        self._most_places = places
        self._places: OrderedDict[Subject, OrderedDict[str, Instant]] = OrderedDict()

    def came(self, place: Subject, member: str, at: Instant) -> None:
        """A member called from there."""
        members = self._places.setdefault(place, OrderedDict())
        members[member] = max(at, members.get(member, at))
        # Last seen, last in order: so what leaves the window stands first.
        members.move_to_end(member)
        if len(members) > MOST_MEMBERS:
            members.popitem(last=False)
        self._places.move_to_end(place)
        if len(self._places) > self._most_places:
            self._places.popitem(last=False)

    def members(self, place: Subject, since: Instant, enough: int = MOST_MEMBERS) -> int:
        """How many distinct members called from there after this moment; not counted beyond `enough`."""
        count = 0
        for at in reversed(self._places.get(place, OrderedDict()).values()):
            if at <= since or count == enough:
                break
            count += 1
        return count
