"""Which members, devices and payments a request names, and which of its values are secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.fields import Fields, Finder

Kind: TypeAlias = "risk.Subject.ValueType"


@dataclass(frozen=True)
class Subject:
    """One name in a request by which calls are limited: a member, a device, a payment instrument."""

    kind: Kind
    value: str


def marked(kind: Kind) -> Fields:
    """The fields whose contract says that they name this kind of subject."""

    def is_marked(field: FieldDescriptor) -> bool:
        return bool(field.GetOptions().Extensions[risk.subject] == kind)

    return Fields(is_marked)


MEMBERS = marked(risk.SUBJECT_MEMBER)
SECRETS = marked(risk.SUBJECT_SECRET)
_LIMITED: Mapping[Kind, Fields] = {
    risk.SUBJECT_MEMBER: MEMBERS,
    risk.SUBJECT_DEVICE: marked(risk.SUBJECT_DEVICE),
    risk.SUBJECT_PAYMENT: marked(risk.SUBJECT_PAYMENT),
}


class SubjectReader:
    """Reads the subjects of one message type, secrets excepted."""

    def __init__(self, of: Descriptor) -> None:
        finders = ((kind, fields.finder(of)) for kind, fields in _LIMITED.items())
        self._finders: list[tuple[Kind, Finder]] = [(kind, finder) for kind, finder in finders if finder]

    def read(self, message: Message) -> list[Subject]:
        return [Subject(kind, value) for kind, finder in self._finders for _, value in finder(message)]
