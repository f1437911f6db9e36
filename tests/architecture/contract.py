"""The contract as its descriptors: every generated file of `nectary.*`, its methods and its requests."""

from collections.abc import Iterator
from importlib import import_module

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor

from tests.architecture.sources import ROOT

GENERATED = ROOT / "generated"


def files() -> list[FileDescriptor]:
    modules = sorted((GENERATED / "nectary").rglob("*_pb2.py"))
    names = [".".join(module.relative_to(GENERATED).with_suffix("").parts) for module in modules]
    return [import_module(name).DESCRIPTOR for name in names]


def methods() -> list[MethodDescriptor]:
    services = [service for file in files() for service in file.services_by_name.values()]
    return [method for service in services for method in service.methods]


def request_fields() -> list[FieldDescriptor]:
    """Every field of every request, those of the messages inside it too, each once, by name."""
    found = {field.full_name: field for method in methods() for field in _fields(method.input_type, set())}
    return [found[name] for name in sorted(found)]


def _fields(message: Descriptor, seen: set[str]) -> Iterator[FieldDescriptor]:
    if message.full_name in seen or not message.full_name.startswith("nectary."):
        return
    seen.add(message.full_name)
    for field in message.fields:
        yield field
        if field.message_type:
            yield from _fields(field.message_type, seen)
