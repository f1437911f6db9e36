"""The HTTP API of Toxiproxy: each handler translates, asks once, and translates back."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from tests.toxics.collection import Proxies
from tests.toxics.errors import BadRequest, BrowserRefused, NoSuchEndpoint, ToxicsError
from tests.toxics.http import Answer, Call
from tests.toxics.wire import (
    field_of,
    json_of_dose,
    json_of_proxy,
    list_of,
    object_of,
    parsed,
    stream_of,
    toxic_of,
    wish_of,
)

VERSION = "2.12.0+nectary"
"""The version of Toxiproxy whose API it is."""

Handler = Callable[..., Awaitable[Answer]]


class Api:
    """Answers calls about `proxies`."""

    def __init__(self, proxies: Proxies) -> None:
        self._proxies = proxies
        self._handlers: dict[tuple[str, str], Handler] = {
            ("GET", "version"): self._version,
            ("POST", "reset"): self._reset,
            ("POST", "populate"): self._populate,
            ("GET", "proxies"): self._list_proxies,
            ("POST", "proxies"): self._create_proxy,
            ("GET", "proxies/*"): self._get_proxy,
            ("POST", "proxies/*"): self._update_proxy,
            ("PATCH", "proxies/*"): self._update_proxy,
            ("DELETE", "proxies/*"): self._delete_proxy,
            ("GET", "proxies/*/toxics"): self._list_toxics,
            ("POST", "proxies/*/toxics"): self._create_toxic,
            ("GET", "proxies/*/toxics/*"): self._get_toxic,
            ("POST", "proxies/*/toxics/*"): self._update_toxic,
            ("PATCH", "proxies/*/toxics/*"): self._update_toxic,
            ("DELETE", "proxies/*/toxics/*"): self._delete_toxic,
        }

    async def answer(self, call: Call) -> Answer:
        parts = call.path.partition("?")[0].strip("/").split("/")
        shape = "/".join("*" if number % 2 else part for number, part in enumerate(parts))
        names = [unquote(name) for name in parts[1::2]]
        try:
            # A page in a browser could otherwise command a proxy on its reader's machine.
            if call.headers.get("user-agent", "").startswith("Mozilla/"):
                raise BrowserRefused
            handler = self._handlers.get((call.method, shape))
            if handler is None:
                raise NoSuchEndpoint
            wishes = call.method in {"POST", "PATCH"} and shape != "reset"
            return await (handler(*names, parsed(call.body)) if wishes else handler(*names))
        except ToxicsError as error:
            return _answer({"error": str(error), "status": error.status.value}, error.status)

    async def _version(self) -> Answer:
        return _answer({"version": VERSION})

    async def _reset(self) -> Answer:
        await self._proxies.reset()
        return _NOTHING

    async def _populate(self, body: Any) -> Answer:
        proxies = await self._proxies.populate([wish_of(object_of(one)) for one in list_of(body)])
        return _answer({"proxies": [json_of_proxy(proxy) for proxy in proxies]}, HTTPStatus.CREATED)

    async def _list_proxies(self) -> Answer:
        return _answer({proxy.name: json_of_proxy(proxy) for proxy in self._proxies.all()})

    async def _create_proxy(self, body: Any) -> Answer:
        proxy = await self._proxies.create(wish_of(object_of(body)))
        return _answer(json_of_proxy(proxy), HTTPStatus.CREATED)

    async def _get_proxy(self, name: str) -> Answer:
        return _answer(json_of_proxy(self._proxies.get(name)))

    async def _update_proxy(self, name: str, body: Any) -> Answer:
        now = json_of_proxy(self._proxies.get(name))
        proxy = await self._proxies.update(wish_of({**now, **object_of(body), "name": name}))
        return _answer(json_of_proxy(proxy))

    async def _delete_proxy(self, name: str) -> Answer:
        await self._proxies.delete(name)
        return _NOTHING

    async def _list_toxics(self, name: str) -> Answer:
        return _answer([json_of_dose(dose) for dose in self._proxies.get(name).doses])

    async def _create_toxic(self, name: str, body: Any) -> Answer:
        proxy, wish = self._proxies.get(name), object_of(body)
        toxic = toxic_of(field_of(wish, "type", ""), wish)
        toxic_name, toxicity = field_of(wish, "name", ""), field_of(wish, "toxicity", 1.0)
        try:
            dose = proxy.add(toxic, stream=stream_of(wish), name=toxic_name, toxicity=toxicity)
        except ValueError as error:
            raise BadRequest(str(error)) from None
        return _answer(json_of_dose(dose))

    async def _get_toxic(self, name: str, toxic: str) -> Answer:
        return _answer(json_of_dose(self._proxies.get(name).dose(toxic)))

    async def _update_toxic(self, name: str, toxic: str, body: Any) -> Answer:
        proxy, wish = self._proxies.get(name), object_of(body)
        old = proxy.dose(toxic)
        changed = toxic_of(old.toxic.type, wish, old.toxic)
        toxicity = field_of(wish, "toxicity", float(old.toxicity))
        try:
            dose = proxy.update(toxic, changed, toxicity=toxicity)
        except ValueError as error:
            raise BadRequest(str(error)) from None
        return _answer(json_of_dose(dose))

    async def _delete_toxic(self, name: str, toxic: str) -> Answer:
        self._proxies.get(name).remove(toxic)
        return _NOTHING


_NOTHING = Answer(status=HTTPStatus.NO_CONTENT)


def _answer(payload: object, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(json.dumps(payload).encode() + b"\n", status)
