"""One exchange a method, told as a story and kept as golden files: the shape of each request and answer.

`NECTARY_GOLDEN=write` keeps what was told instead of comparing it. Ids and codes differ with every run, so
each is written as its turn: `<id-1>`.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

from google.protobuf import message_factory
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

_RANDOM = re.compile(
    r"\b(?:[0-9a-f]{32}(?:[0-9a-f]{32})?|[0-9a-f]{16}-[0-9a-f]+|[0-9a-f]{48}|[A-Z2-9]{5}(?:-[A-Z2-9]{5}){3})\b"
    # 32 bytes, as JSON has them.
    r'|(?<=")[A-Za-z0-9+/]{43}=(?=")'
)


def paths_of(services: Sequence[ServiceDescriptor]) -> dict[str, str]:
    """Every method's path, by its name."""
    return {
        method.name: f"/{service.full_name}/{method.name}"
        for service in services
        for method in service.methods
    }


class Answers(Protocol):
    """Whoever answers: a mesh of the tests."""

    async def call(self, path: str, request: Any) -> bytes: ...


M = TypeVar("M", bound=Answers)


class Exchanges(Generic[M]):
    """What was asked and answered, by method."""

    def __init__(self, mesh: M, services: Sequence[ServiceDescriptor]) -> None:
        self.mesh = mesh
        self._services = services
        self._paths = paths_of(services)
        self.requests: dict[str, Any] = {}
        self.answers: dict[str, bytes] = {}
        """As they were on the wire."""

    async def tell(self, name: str, request: Message) -> Any:
        """Call a method and remember the exchange."""
        answer = await self.mesh.call(self._paths[name], request)
        self.requests[name], self.answers[name] = request, answer
        return self._answer_of(name).FromString(answer)

    def text(self, name: str) -> str:
        """The exchange of a method as JSON, the same in every run."""
        answer = self._answer_of(name).FromString(self.answers[name])
        exchange = {"request": _plain(self.requests[name]), "response": _plain(answer)}
        found: dict[str, str] = {}

        def turn(match: re.Match[str]) -> str:
            return found.setdefault(match.group(), f"<id-{len(found) + 1}>")

        return _RANDOM.sub(turn, json.dumps(exchange, indent=2, sort_keys=True, ensure_ascii=False)) + "\n"

    def _answer_of(self, name: str) -> Any:
        [method] = [one.methods_by_name[name] for one in self._services if name in one.methods_by_name]
        return message_factory.GetMessageClass(method.output_type)


def _plain(message: Message) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True)
