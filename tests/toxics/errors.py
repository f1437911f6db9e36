"""What may be wrong with a wish, in Toxiproxy's words, and the HTTP status that says so."""

from http import HTTPStatus
from typing import ClassVar


class ToxicsError(Exception):
    """One class a cause. `detail` says more where there is more to say."""

    message: ClassVar[str]
    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.message}: {detail}" if detail else self.message)


class BadRequest(ToxicsError):
    message = "bad request body"


class MissingField(ToxicsError):
    message = "missing required field"


class InvalidToxicType(ToxicsError):
    message = "invalid toxic type"


class InvalidStream(ToxicsError):
    message = "stream was invalid, can be either upstream or downstream"


class BrowserRefused(ToxicsError):
    message = "User agent not allowed"
    status = HTTPStatus.FORBIDDEN


class NoSuchEndpoint(ToxicsError):
    message = "no such endpoint"
    status = HTTPStatus.NOT_FOUND


class ProxyNotFound(ToxicsError):
    message = "proxy not found"
    status = HTTPStatus.NOT_FOUND


class ToxicNotFound(ToxicsError):
    message = "toxic not found"
    status = HTTPStatus.NOT_FOUND


class ProxyExists(ToxicsError):
    message = "proxy already exists"
    status = HTTPStatus.CONFLICT


class ToxicExists(ToxicsError):
    message = "toxic already exists"
    status = HTTPStatus.CONFLICT


class CannotListen(ToxicsError):
    message = "cannot listen"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
