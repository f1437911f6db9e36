"""Proxies and toxics as the JSON of Toxiproxy's API, and back."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tests.toxics.address import Address
from tests.toxics.chosen import DropReply, DropRequest, ForgeError
from tests.toxics.collection import Wish
from tests.toxics.errors import BadRequest, InvalidStream, InvalidToxicType, MissingField
from tests.toxics.kinds import Bandwidth, Latency, LimitData, ResetPeer, Slicer, SlowClose, Timeout
from tests.toxics.proxy import Proxy
from tests.toxics.toxic import Dose, Stream, Toxic

Json = Mapping[str, Any]

TOXICS: dict[str, type[Toxic]] = {
    kind.type: kind
    for kind in (
        Latency,
        Bandwidth,
        SlowClose,
        Timeout,
        ResetPeer,
        Slicer,
        LimitData,
        DropReply,
        DropRequest,
        ForgeError,
    )
}


def json_of_proxy(proxy: Proxy) -> dict[str, Any]:
    return {
        "name": proxy.name,
        "listen": str(proxy.listen),
        "upstream": str(proxy.upstream),
        "enabled": proxy.enabled,
        "toxics": [json_of_dose(dose) for dose in proxy.doses],
    }


def json_of_dose(dose: Dose) -> dict[str, Any]:
    return {
        "attributes": dose.toxic.attributes(),
        "name": dose.name,
        "type": dose.toxic.type,
        "stream": dose.stream,
        "toxicity": dose.toxicity,
    }


def parsed(body: bytes) -> Any:
    """Raises BadRequest."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise BadRequest(str(error)) from None


def object_of(value: Any) -> Json:
    """Raises BadRequest if it is no object."""
    if not isinstance(value, Mapping):
        raise BadRequest("an object was expected")
    return value


def list_of(value: Any) -> list[Any]:
    """Raises BadRequest if it is no list."""
    if not isinstance(value, list):
        raise BadRequest("a list was expected")
    return value


def field_of(value: Json, name: str, default: Any) -> Any:
    """A field of the default's type; a number may be whole where it need not. Raises BadRequest."""
    found = value.get(name, default)
    kinds = (int, float) if isinstance(default, float) else (type(default),)
    if type(found) not in kinds:
        raise BadRequest(f"{name} must be of type {type(default).__name__}")
    return found


def wish_of(value: Json) -> Wish:
    """Raises MissingField and BadRequest."""
    for name in ("name", "upstream"):
        if not field_of(value, name, ""):
            raise MissingField(name)
    try:
        return Wish(
            name=value["name"],
            upstream=Address.parse(value["upstream"]),
            listen=Address.parse(field_of(value, "listen", "")),
            enabled=field_of(value, "enabled", True),
        )
    except ValueError as error:
        raise BadRequest(str(error)) from None


def stream_of(value: Json) -> Stream | None:
    """Raises InvalidStream."""
    try:
        return Stream(value["stream"]) if value.get("stream") else None
    except ValueError:
        raise InvalidStream from None


def toxic_of(kind: str, value: Json, old: Toxic | None = None) -> Toxic:
    """With the attributes of `value`, and for the rest those of `old`. Unknown ones count for nothing.

    Raises InvalidToxicType and BadRequest.
    """
    if kind not in TOXICS:
        raise InvalidToxicType
    given = object_of(value.get("attributes") or {})
    known = {field.name: field.default for field in fields(TOXICS[kind])} | (old.attributes() if old else {})
    try:
        return TOXICS[kind](**{name: field_of(given, name, default) for name, default in known.items()})
    except ValueError as error:
        raise BadRequest(str(error)) from None
