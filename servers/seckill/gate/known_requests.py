"""The filter of requests that were ever set aside for or ordered: a Bloom filter with four places each.

It may say yes to one that never was, and then the database is asked in vain; it never says no to one that
was. So a request that was once answered yes is never refused for want of units.
"""

from hashlib import blake2b
from struct import Struct

BITS_A_UNIT = 64
"""One wrong yes in 75,000 when all is sold; one in 400 when four times the stock was ordered."""
FEWEST_BITS = 8_192
MOST_BITS = 1 << 24
"""2 MB: sixteen a unit of the largest stock, one wrong yes in 400."""
_PLACES = Struct(">IIII")


def bits_for(stock: int) -> int:
    """How long a filter is, for so many units."""
    return min(max(stock * BITS_A_UNIT, FEWEST_BITS), MOST_BITS)


def places(name: bytes) -> bytes:
    """Four numbers of four bytes: the places of a name, modulo the length."""
    return blake2b(name, digest_size=_PLACES.size).digest()


def may_know(known: bytes, name: bytes) -> bool:
    """Whether the filter has all places of a name."""
    bits = len(known) * 8
    for place in _PLACES.unpack(places(name)):
        at = place % bits
        if not known[at >> 3] & (0x80 >> (at & 7)):
            return False
    return True
