"""A node of a YAML file as a message of the contract, in protobuf's JSON form with the contract's names."""

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from nectary.honey.v1 import honey_pb2
from nectary.identity.v1 import catalog_pb2
from nectary.risk.v1 import risk_pb2
from nectary.seckill.v1 import activity_service_pb2
from servers.mesh.cli.files import FileError, Flaw, line_of, read_documents

M = TypeVar("M", bound=Message)
_INTEGERS = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
_TRUTHS = {"true": True, "false": False}
_WANTED = {
    Timestamp: "a time such as 2027-01-31T10:00:00+08:00 is wanted here",
    Duration: "a number of seconds such as 60s or 0.5s is wanted here",
}


def read_catalog(path: Path) -> catalog_pb2.Catalog:
    """The catalogue that a file declares in its first document. Raises FileError with every flaw."""
    return _first_document(catalog_pb2.Catalog(), path)


def read_rules(path: Path) -> risk_pb2.RuleSet:
    """The rules that a file declares in its first document. Raises FileError with every flaw."""
    return _first_document(risk_pb2.RuleSet(), path)


def read_honey_rules(path: Path) -> honey_pb2.Rules:
    """The rules of points that a file declares in its first document. Raises FileError with every flaw."""
    return _first_document(honey_pb2.Rules(), path)


def read_activity(path: Path) -> activity_service_pb2.CreateActivityRequest:
    """The activity that a file declares in its first document. Raises FileError with every flaw."""
    return _first_document(activity_service_pb2.CreateActivityRequest(), path)


def _first_document(message: M, path: Path) -> M:
    documents = read_documents(path)
    if not documents:
        raise FileError(path, [Flaw(1, "", "empty")])
    return fill(message, documents[0], path)


def fill(message: M, node: yaml.Node, path: Path) -> M:
    """Puts what a node says into a message. Raises FileError with every flaw, line by line.

    Bounds are not checked: the server does, and says it of the message.
    """
    flaws: list[Flaw] = []
    _Filling(flaws).message(message, node, "")
    if flaws:
        raise FileError(path, sorted(flaws, key=lambda flaw: flaw.line))
    return message


class _Filling:
    """Notes flaws and goes on, so that one run finds them all."""

    def __init__(self, flaws: list[Flaw]) -> None:
        self._flaws = flaws

    def message(self, message: Message, node: yaml.Node, where: str) -> None:
        if isinstance(message, (Timestamp, Duration)):
            self._moment(message, node, where)
            return
        if not isinstance(node, yaml.MappingNode):
            self._note(node, where, "fields are wanted here, as `name: value`")
            return
        fields: Mapping[str, Any] = message.DESCRIPTOR.fields_by_name
        seen: set[str] = set()
        for key, value in node.value:
            name, at = str(key.value), f"{where}.{key.value}" if where else str(key.value)
            if name in seen:
                self._note(key, at, "given twice")
            elif name not in fields:
                self._note(key, at, "no such field" + _meant(name, fields))
            elif rival := _rival(message, fields[name]):
                self._note(key, at, f"given beside {rival}: only one of them")
            else:
                self._field(message, fields[name], value, at)
            seen.add(name)

    def _field(self, message: Message, field: FieldDescriptor, node: yaml.Node, where: str) -> None:
        if not field.is_repeated:
            if field.message_type:
                child = getattr(message, field.name)
                child.SetInParent()
                self.message(child, node, where)
            elif (value := self._scalar(field, node, where)) is not None:
                setattr(message, field.name, value)
            return
        if not isinstance(node, yaml.SequenceNode):
            self._note(node, where, "a list is wanted here")
            return
        items = getattr(message, field.name)
        for index, item in enumerate(node.value):
            at = f"{where}[{index}]"
            if field.message_type:
                self.message(items.add(), item, at)
            elif (value := self._scalar(field, item, at)) is not None:
                items.append(value)

    def _scalar(self, field: FieldDescriptor, node: yaml.Node, where: str) -> Any:
        """The value, or None if it is flawed."""
        if not isinstance(node, yaml.ScalarNode):
            self._note(node, where, "one value is wanted here")
            return None
        text = str(node.value)
        if field.enum_type:
            return self._enum_value(field.enum_type, text, node, where)
        if field.cpp_type in _INTEGERS:
            return self._integer(field, text, node, where)
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return self._truth(text, node, where)
        return text

    def _integer(self, field: FieldDescriptor, text: str, node: yaml.Node, where: str) -> int | None:
        bits = 31 if field.cpp_type == FieldDescriptor.CPPTYPE_INT32 else 63
        if not re.fullmatch(r"-?\d{1,19}", text) or not -(2**bits) <= int(text) < 2**bits:
            self._note(node, where, f"a whole number of {bits + 1} bits is wanted here, not {text!r}")
            return None
        return int(text)

    def _enum_value(self, kind: EnumDescriptor, name: str, node: yaml.Node, where: str) -> int | None:
        value = kind.values_by_name.get(name)
        if value is None:
            self._note(node, where, f"no such {kind.name}: {name}" + _meant(name, kind.values_by_name))
            return None
        return int(value.number)

    def _truth(self, text: str, node: yaml.Node, where: str) -> bool | None:
        if text not in _TRUTHS:
            self._note(node, where, f"true or false is wanted here, not {text!r}")
        return _TRUTHS.get(text)

    def _moment(self, message: Timestamp | Duration, node: yaml.Node, where: str) -> None:
        try:
            message.FromJsonString(str(node.value))
        except ValueError:
            self._note(node, where, _WANTED[type(message)])

    def _note(self, node: yaml.Node, where: str, what: str) -> None:
        self._flaws.append(Flaw(line_of(node), where, what))


def _rival(message: Message, field: FieldDescriptor) -> str | None:
    """The field in whose place this one would come."""
    return message.WhichOneof(field.containing_oneof.name) if field.containing_oneof else None


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; is {close[0]} meant?" if close else ""
