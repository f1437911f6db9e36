"""Headers as bytes and back (RFC 7541): what all calls of a connection share costs a byte each.

Huffman codes are not written, and not read: the gRPC core sends none to a peer that takes binary values as
they are, which `connection.py` says of itself.
"""

from collections import deque
from collections.abc import Sequence

from benchmarks.loadgen.hpack_table import STATIC, Field

TABLE_BYTES = 4096
"""Of either side's table of earlier fields: what HTTP/2 begins with."""
MOST_KNOWN = 4096
"""Blocks that are read once and then known by their bytes; more than that are forgotten."""
_FIELD_OVERHEAD = 32
_FIRST_DYNAMIC = len(STATIC) + 1
_STATIC_INDEX = {field: index for index, field in enumerate(STATIC, 1)}
_HUFFMAN = 0x80


class HeaderError(ConnectionError):
    """The peer's headers cannot be read: nothing that follows on the connection can be either."""


class Encoder:
    """The sending side of a connection."""

    def __init__(self) -> None:
        self._learnt: dict[Field, int] = {}
        """Field → how many were learnt before it."""
        self._bytes = 0
        self._blocks: dict[Sequence[Field], bytes] = {}

    def block(self, shared: Sequence[Field], own: Sequence[Field] = ()) -> bytes:
        """A header block. `shared` fields are taught to the peer once; `own` ones are spelt every time.

        `shared` is to be a tuple that is used again. Blocks must be sent in the order in which they are made.
        """
        block = self._blocks.get(shared) or self._shared(shared)
        return block + b"".join(map(_spelt, own)) if own else block

    def _shared(self, fields: Sequence[Field]) -> bytes:
        before = len(self._learnt)
        first = b"".join(map(self._taught, fields))
        if len(self._learnt) > before:
            self._blocks.clear()  # every index has moved
        self._blocks[fields] = b"".join(map(self._known, fields))
        return first

    def _known(self, field: Field) -> bytes:
        index = _STATIC_INDEX.get(field)
        if index is None:
            if field not in self._learnt:
                return _spelt(field)
            index = _FIRST_DYNAMIC + len(self._learnt) - 1 - self._learnt[field]
        return _integer(index, 7, 0x80)

    def _taught(self, field: Field) -> bytes:
        size = sum(map(len, field)) + _FIELD_OVERHEAD
        if field in _STATIC_INDEX or field in self._learnt or self._bytes + size > TABLE_BYTES:
            return self._known(field)
        self._bytes += size
        self._learnt[field] = len(self._learnt)
        return b"\x40" + _text(field[0]) + _text(field[1])


class Decoder:
    """The receiving side. A block that teaches nothing is read once, and then known by its bytes."""

    def __init__(self) -> None:
        self._table: deque[Field] = deque()
        self._bytes = 0
        self._limit = TABLE_BYTES
        self._known: dict[bytes, tuple[Field, ...]] = {}

    def fields(self, block: bytes) -> tuple[Field, ...]:
        """What a block says. Each must be read, in order, also those of calls nobody waits for any more.

        The same bytes give the same tuple. Raises HeaderError.
        """
        known = self._known.get(block)
        if known is not None:
            return known
        try:
            fields, teaches = self._read(block)
        except IndexError:
            raise HeaderError("a header block ends within a field, or names one that is not there") from None
        if teaches or len(self._known) >= MOST_KNOWN:
            self._known.clear()
        if not teaches:
            self._known[block] = fields
        return fields

    def _read(self, block: bytes) -> tuple[tuple[Field, ...], bool]:
        fields, at, teaches = [], 0, False
        while at < len(block):
            first = block[at]
            if first & 0x80:
                index, at = _read_integer(block, at, 7)
                fields.append(self._at(index))
            elif first & 0x40:
                field, at = self._literal(block, at, 6)
                self._learn(field)
                fields.append(field)
                teaches = True
            elif first & 0x20:
                self._limit, at = _read_integer(block, at, 5)
                self._forget()
                teaches = True
            else:
                field, at = self._literal(block, at, 4)
                fields.append(field)
        return tuple(fields), teaches

    def _literal(self, block: bytes, at: int, bits: int) -> tuple[Field, int]:
        index, at = _read_integer(block, at, bits)
        name, at = (self._at(index)[0], at) if index else _read_text(block, at)
        value, at = _read_text(block, at)
        return (name, value), at

    def _at(self, index: int) -> Field:
        if not index:
            raise HeaderError("a header field without an index")
        return STATIC[index - 1] if index < _FIRST_DYNAMIC else self._table[index - _FIRST_DYNAMIC]

    def _learn(self, field: Field) -> None:
        self._table.appendleft(field)
        self._bytes += sum(map(len, field)) + _FIELD_OVERHEAD
        self._forget()

    def _forget(self) -> None:
        while self._bytes > self._limit:
            self._bytes -= sum(map(len, self._table.pop())) + _FIELD_OVERHEAD


def _spelt(field: Field) -> bytes:
    return b"\x00" + _text(field[0]) + _text(field[1])


def _text(value: bytes) -> bytes:
    return _integer(len(value), 7, 0) + value


def _read_text(block: bytes, at: int) -> tuple[bytes, int]:
    if block[at] & _HUFFMAN:
        raise HeaderError("a header in Huffman's code, which nothing here asked for")
    length, at = _read_integer(block, at, 7)
    if at + length > len(block):
        raise IndexError
    return bytes(block[at : at + length]), at + length


def _integer(value: int, bits: int, flags: int) -> bytes:
    most = (1 << bits) - 1
    if value < most:
        return bytes([flags | value])
    out, rest = bytearray([flags | most]), value - most
    while rest >= 0x80:
        out.append(0x80 | rest & 0x7F)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def _read_integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    most = (1 << bits) - 1
    value = block[at] & most
    at += 1
    if value < most:
        return value, at
    shift = 0
    while True:
        byte = block[at]
        at += 1
        value += (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
