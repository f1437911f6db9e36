"""Rows come back as they were given, whatever bytes are in them."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Column, Integer, Table, select
from sqlalchemy.exc import IntegrityError

from servers.store.columns import BYTES, SHA256, TABLE, identifier, new_metadata
from servers.store.cursor import MOST_BYTES
from servers.store.rows import Row, insert_rows, update_rows
from servers.store.store import Store

_metadata = new_metadata()
_table = Table(
    "test_row",
    _metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", identifier(128), nullable=False),
    Column("content", BYTES),
    Column("digest", SHA256, nullable=False),
    **TABLE,
)
EVERY_BYTE = bytes(range(256))
NAMES = ("", "会员 ☃ 😀", "O'Hara \"\\' %s %(name)s ; --", "line\nend\r\t")


@pytest.mark.parametrize("contents", [[EVERY_BYTE], [b"", None, EVERY_BYTE * 5_000, b"'\\\"%s\x00\x1a"]])
async def test_bytes_and_names_come_back_as_they_were(store: Store, contents: Sequence[bytes | None]) -> None:
    await store.transact(_metadata.create_all)
    rows = [
        {"number": number, "name": NAMES[number], "content": content, "digest": EVERY_BYTE[-32:]}
        for number, content in enumerate(contents)
    ]
    await store.transact(insert_rows, _table, rows)
    assert await _all(store) == rows


async def test_more_bytes_than_one_message_may_have_are_written_all_the_same(store: Store) -> None:
    await store.transact(_metadata.create_all)
    rows = [_row(number, EVERY_BYTE * (MOST_BYTES // 512)) for number in range(9)]
    await store.transact(insert_rows, _table, rows)
    assert await _all(store) == rows


@pytest.mark.parametrize("contents", [[b"one", b"two", b"three"], [None, b"two", None], [None, None, None]])
async def test_rows_are_changed_in_place_and_others_are_left(
    store: Store, contents: Sequence[bytes | None]
) -> None:
    """Also where no row has a value in some column any more."""
    await store.transact(_metadata.create_all)
    await store.transact(insert_rows, _table, [_row(number, b"before") for number in range(5)])
    changed = [_row(number, content, "new") for number, content in enumerate(contents)]
    await store.transact(update_rows, _table, changed)
    assert await _all(store) == [*changed, _row(3, b"before"), _row(4, b"before")]
    await store.transact(update_rows, _table, [_row(4, contents[0], "alone")])
    assert (await _all(store))[4] == _row(4, contents[0], "alone")


async def test_of_many_rows_none_is_added_if_one_is_there(store: Store) -> None:
    await store.transact(_metadata.create_all)
    await store.transact(insert_rows, _table, [_row(2, b"first")])
    with pytest.raises(IntegrityError):
        await store.transact(insert_rows, _table, [_row(number, b"second") for number in range(4)])
    assert await _all(store) == [_row(2, b"first")]


def _row(number: int, content: bytes | None, name: str = "") -> Row:
    return {"number": number, "name": name, "content": content, "digest": EVERY_BYTE[:32]}


async def _all(store: Store) -> list[dict[str, Any]]:
    found = await store.read(
        lambda connection: connection.execute(select(_table).order_by(_table.c.number)).all()
    )
    return [row._asdict() for row in found]
