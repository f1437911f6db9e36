"""Answers calls of methods that are not served here, and notices who tries many that exist nowhere."""

from collections import OrderedDict

import structlog

from servers.mesh.call import Call
from servers.mesh.errors import MethodUnknown

SCAN_CALLS = 20
"""So many unknown methods from one address are no typing error."""
_MAX_ADDRESSES = 10_000

_log = structlog.get_logger("nectary.unknown")


class UnknownMethods:
    """Counts calls of unknown methods an address, and reports a scan once it is one."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()

    def count_of(self, address: str) -> int:
        """Calls of unknown methods from an address, as far back as it is remembered."""
        return self._counts.get(address, 0)

    async def elsewhere(self, call: Call) -> None:
        """Of a method that another process serves, or that is switched off here. Raises MethodUnknown."""
        raise MethodUnknown

    async def answer(self, call: Call) -> None:
        """Of a method that exists nowhere. Raises MethodUnknown."""
        address = address_of(call.context.peer())
        self._counts[address] = count = self.count_of(address) + 1
        self._counts.move_to_end(address)
        if len(self._counts) > _MAX_ADDRESSES:
            self._counts.popitem(last=False)
        if count == SCAN_CALLS:
            _log.warning("scans for methods", address=address, calls=count)
        raise MethodUnknown


def address_of(peer: str) -> str:
    """The peer without its port, which is a new one with each connection."""
    return peer if peer.startswith("unix:") else peer.rpartition(":")[0]
