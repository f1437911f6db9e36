"""The load generator's HPACK against another implementation of RFC 7541, in both directions."""

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.loadgen.hpack import Decoder, Encoder, HeaderError
from benchmarks.loadgen.hpack_table import STATIC, Field

NAMES = st.sampled_from([":path", "te", "grpc-timeout", "grpc-status", "content-type", "x-a", "a" * 300])
VALUES = st.one_of(
    st.sampled_from(["", "0", "trailers", "application/grpc", "x" * 200]), st.text("abc", max_size=9)
)
FIELDS = st.tuples(NAMES, VALUES).map(lambda pair: (pair[0].encode(), pair[1].encode()))
BLOCKS = st.lists(st.lists(FIELDS, max_size=6).map(tuple), max_size=30)


def decoded(decoder: hpack.Decoder, block: bytes) -> list[Field]:
    return [(bytes(name), bytes(value)) for name, value in decoder.decode(block, raw=True)]


@given(blocks=BLOCKS, own=st.lists(FIELDS, max_size=2).map(tuple))
def test_what_is_written_another_implementation_reads(
    blocks: list[tuple[Field, ...]], own: tuple[Field, ...]
) -> None:
    encoder, decoder = Encoder(), hpack.Decoder()
    for fields in [*blocks, *blocks]:
        assert decoded(decoder, encoder.block(fields, own)) == [*fields, *own]


@given(blocks=BLOCKS, sizes=st.lists(st.integers(0, 4096), max_size=5))
def test_what_another_implementation_writes_is_read(
    blocks: list[tuple[Field, ...]], sizes: list[int]
) -> None:
    encoder, decoder = hpack.Encoder(), Decoder()
    for number, fields in enumerate([*blocks, *blocks]):
        if sizes and number % 4 == 3:
            encoder.header_table_size = sizes[number % len(sizes)]
        assert decoder.fields(encoder.encode(fields, huffman=False)) == fields


def test_a_call_like_the_one_before_costs_a_byte_for_each_header() -> None:
    fields = ((b":method", b"POST"), (b":path", b"/a.B/C"), (b"te", b"trailers"), (b"grpc-timeout", b"1S"))
    encoder = Encoder()
    first = encoder.block(fields)
    assert len(encoder.block(fields)) == 4 < len(first)


def test_the_table_of_the_peer_is_never_filled_beyond_its_size() -> None:
    encoder, decoder = Encoder(), hpack.Decoder()
    blocks = [((b"x-a", b"%0100d" % number),) for number in range(100)]
    for fields in [*blocks, *blocks]:
        assert decoded(decoder, encoder.block(fields)) == list(fields)


def test_the_static_table_is_that_of_the_rfc() -> None:
    assert [tuple(field) for field in hpack.table.HeaderTable.STATIC_TABLE] == list(STATIC)


@pytest.mark.parametrize(
    "block", [b"\x80", b"\xff", b"\xff\x80\x80\x01", b"\x40\x05abc", b"\x00", b"\x40\x01a\x7f"]
)
def test_a_block_that_is_broken_ends_the_connection(block: bytes) -> None:
    with pytest.raises(HeaderError):
        Decoder().fields(block)


def test_huffman_codes_are_refused_by_name() -> None:
    with pytest.raises(HeaderError, match="Huffman"):
        Decoder().fields(hpack.Encoder().encode([(b"x-abcdef", b"abcdef")], huffman=True))
