"""Rows come back as they were given, whatever bytes are in them."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Column, Integer, Table, select

from servers.store.columns import BYTES, SHA256, TABLE, identifier, new_metadata
from servers.store.rows import insert_rows
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
    found = await store.read(
        lambda connection: connection.execute(select(_table).order_by(_table.c.number)).all()
    )
    assert [row._asdict() for row in found] == rows
