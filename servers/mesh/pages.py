"""Page tokens: a position and a seal over the query that it belongs to.

A position is a number, or, in a list that is ordered by time, a place: an instant and an id.

A token gives no right: whoever forges one only asks for another place in a list that they may read. The
seal finds tokens that were mangled, or made for another query.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence

import orjson

from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import Instant

DEFAULT_SIZE = 50
MAX_SIZE = 500
SEAL_BYTES = 9

MAX_POSITION = 2**63 - 1
"""Positions are ids, sequence numbers and versions: whole numbers that the stores can hold."""
MAX_DIGITS = len(str(MAX_POSITION))

Place = tuple[Instant, str]
"""An instant, and the id that comes first or last of what has the same instant."""
ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")

Query = Sequence[str]
"""What is listed: a token of another list is refused."""


def size_of(asked: int) -> int:
    """0 is the default; more than the maximum counts as the maximum."""
    return min(asked or DEFAULT_SIZE, MAX_SIZE)


def token_of(query: Query, position: int) -> str:
    """The token for what comes behind `position` in the list that `query` names."""
    return _sealed(query, str(position).encode())


def position_of(query: Query, token: str) -> int | None:
    """The position of a token of this query; None for the first page. Raises Invalid."""
    return _number(_unsealed(query, token)) if token else None


def token_of_place(query: Query, place: Place) -> str:
    """The token for what comes behind `place` in the list that `query` names."""
    instant, name = place
    return _sealed(query, f"{instant}/{name}".encode())


def place_of(query: Query, token: str) -> Place | None:
    """The place of a token of this query; None for the first page. Raises Invalid."""
    if not token:
        return None
    number, _, name = _unsealed(query, token).partition(b"/")
    if not name.isascii() or not ID.fullmatch(name.decode("ascii")):
        raise _invalid()
    return _number(number), name.decode("ascii")


def _sealed(query: Query, body: bytes) -> str:
    return base64.urlsafe_b64encode(_seal(query, body) + body).decode().rstrip("=")


def _unsealed(query: Query, token: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError) as error:
        raise _invalid() from error
    seal, body = raw[:SEAL_BYTES], raw[SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(query, body)):
        raise _invalid()
    return body


def _number(body: bytes) -> int:
    # Whoever knows this source can seal anything, so what was sealed is still held to what a position is.
    if not body.isdigit() or len(body) > MAX_DIGITS or int(body) > MAX_POSITION:
        raise _invalid()
    return int(body)


def _seal(query: Query, body: bytes) -> bytes:
    content = orjson.dumps(list(query)) + b"\0" + body
    return hashlib.blake2b(content, digest_size=SEAL_BYTES, person=b"nectary-page").digest()


def _invalid() -> Invalid:
    description = "no token of a page before, for this very query"
    violation = FieldViolation("page_token", "PAGE_TOKEN_INVALID", description)
    return Invalid([violation], "PAGE_TOKEN_INVALID", "the page token is invalid")
