"""Hostile text in every string field: it is data, in SQL and in logs alike (A-11, A-12)."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from sqlalchemy import Engine, event

from clients import Internal, NectaryError
from tests.migrated import have_tables
from tests.wire.identity import requests as r
from tests.wire.identity.cards import MONTHLY
from tests.wire.identity.golden import METHODS, PATHS, Story
from tests.wire.identity.mesh import NOWHERE, Mesh
from tests.wire.identity.processes import process_serving
from tests.wire.identity.shopping import timeline_of
from tests.wire.identity.test_bad_input import leaks, rows

CANARY = "CANARY77"
CODE = "CANAR-YCANA-RYCAN-ARY77"
SQL = [
    f"' OR '1'='1 {CANARY}",
    f"'; DROP TABLE identity_event; -- {CANARY}",
    f'") UNION SELECT 1 /* {CANARY}',
    f"\\{CANARY}%",
]
LOGS = [
    f'a\r\n{{"event":"call","code":"OK","forged":"{CANARY}"}}\n',
    f"\x1b[31m{CANARY}\x1b[0m",
    f'","forged":"{CANARY}","x":"',
]


def _hostile(base: Any, texts: list[str]) -> Iterator[tuple[str, Any]]:
    """The request again and again, each time with one string field replaced by one of the texts."""
    for holder, field in _strings(base.DESCRIPTOR, ()):
        for text in texts:
            request = type(base)()
            request.CopyFrom(base)
            if hasattr(request, "request_id"):
                request.request_id = r.new_id()
            target = _reached(request, holder)
            if field.is_repeated:
                target.ClearField(field.name)
                getattr(target, field.name).append(text)
            else:
                setattr(target, field.name, text)
            yield text, request


def _reached(message: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        inner = getattr(message, name)
        message = inner if hasattr(inner, "DESCRIPTOR") else inner[0] if inner else inner.add()
    return message


def _strings(of: Descriptor, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], FieldDescriptor]]:
    for field in of.fields:
        if field.message_type is not None:
            yield from _strings(field.message_type, (*path, field.name))
        elif field.type == FieldDescriptor.TYPE_STRING:
            yield path, field


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every SQL statement of this process, as the driver gets it."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", METHODS)
async def test_text_reaches_no_statement(story: Story, statements: list[str], name: str) -> None:
    before = rows(story.mesh)
    for text, request in _hostile(story.requests[name], SQL):
        told = await _survived(story.mesh, name, request)
        assert not leaks(told.replace(text, "").replace(repr(text)[1:-1], ""))
    assert not [statement for statement in statements if CANARY in statement]
    after = rows(story.mesh)
    assert after.keys() == before.keys()
    assert after["identity_event"] >= before["identity_event"]


async def test_hostile_text_is_kept_and_answered_as_it_came(mesh: Mesh) -> None:
    member = r.a_member()
    texts = [*SQL, *LOGS, "卡 🐝 \x00 \u202e"]
    for text in texts:
        term = (await mesh.identity.GrantTerm(r.a_grant(member, MONTHLY, source=text, reason=text))).term
        assert term.source == text
    kept = [term.source for term in (await timeline_of(mesh, member)).terms]
    assert kept == texts


async def test_a_call_is_one_record_whatever_it_says_and_no_record_has_a_code(
    story: Story, sqlite_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    have_tables(sqlite_url)
    calls = [
        (name, request)
        for name in METHODS
        for _, request in _hostile(story.requests[name], [*LOGS, *SQL[:1]])
    ]
    calls += [("RedeemCard", r.a_redemption("ann", CODE)), ("VoidCards", r.a_voiding([CODE]))]
    async with process_serving(sqlite_url, NOWHERE, log, jobs="off", log_sample=1) as mesh:
        for name, request in calls:
            await _survived(mesh, name, request)
    lines = log.read_bytes().splitlines()
    records = [orjson.loads(line) for line in lines]
    logged = Counter(record["method"] for record in records if record["event"] == "call")
    assert logged == Counter(PATHS[name] for name, _ in calls)
    assert not [record for record in records if "forged" in record]
    assert not [line for line in lines if b"\x1b" in line or CODE.encode() in line]


async def _survived(mesh: Mesh, name: str, request: Any) -> str:
    """What a caller is told in words; nothing if the call was done."""
    try:
        await mesh.call(PATHS[name], request)
    except Internal as error:
        raise AssertionError(f"{name} broke on {request}") from error
    except NectaryError as error:
        return f"{error} {dict(error.metadata)} {error.violations}"
    return ""
