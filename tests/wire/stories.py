"""One exchange a method of a service, told as a story, and kept as JSON that is the same in every run.

Ids and codes differ with every run, so each is written as its turn: `<id-1>`.
"""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

Ask = Callable[[str, Message], Awaitable[bytes]]
"""(path of a method, request): the answer as it is on the wire."""

_RANDOM = re.compile(
    r"\b(?:[0-9a-f]{32}(?:[0-9a-f]{32})?|[0-9a-f]{16}-[0-9a-f]+|[0-9a-f]{48}|[A-Z2-9]{5}(?:-[A-Z2-9]{5}){3})\b"
)


def paths(services: Sequence[ServiceDescriptor]) -> dict[str, str]:
    """Where each method is, by its name."""
    return {
        method.name: f"/{service.full_name}/{method.name}"
        for service in services
        for method in service.methods
    }


class Story:
    """What was asked and answered, by method."""

    def __init__(self, ask: Ask, services: Sequence[ServiceDescriptor]) -> None:
        self._ask = ask
        self._services = services
        self._paths = paths(services)
        self.requests: dict[str, Any] = {}
        self.answers: dict[str, bytes] = {}
        """As they were on the wire."""

    async def tell(self, name: str, request: Message) -> Any:
        """Call a method and remember the exchange."""
        answer = await self._ask(self._paths[name], request)
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
