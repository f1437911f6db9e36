"""Which members, devices and payments a request names, and which of its values are secret."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TypeAlias

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.fields import Fields

Kind: TypeAlias = "risk.Subject.ValueType"


def marked(kind: Kind) -> Fields:
    """The fields whose contract says that they name this kind of subject."""

    def is_marked(field: FieldDescriptor) -> bool:
        return bool(field.GetOptions().Extensions[risk.subject] == kind)

    return Fields(is_marked)


MEMBERS = marked(risk.SUBJECT_MEMBER)
SECRETS = marked(risk.SUBJECT_SECRET)
DEVICES = marked(risk.SUBJECT_DEVICE)
PAYMENTS = marked(risk.SUBJECT_PAYMENT)

Values = Callable[[Message], Iterable[str]]
"""The values of the marked fields of a message; those of unset fields may be among them, empty."""


def values_of(fields: Fields, of: Descriptor) -> Values | None:
    """Reads these fields in messages of one type; None if there can be none."""
    names = fields.at_top(of)
    if names is None:
        find = fields.finder(of)
        assert find is not None, "what is not at the top lies deeper"
        return lambda message: [value for _, value in find(message)]
    if not names:
        return None
    if len(names) == 1:
        (name,) = names
        return lambda message: (getattr(message, name),)
    return attrgetter(*names)
