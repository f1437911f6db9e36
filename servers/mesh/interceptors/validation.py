"""Bad input is answered with every field that is wrong, before any of it reaches a handler."""

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf import duration_pb2, message_factory, timestamp_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from protovalidate import Validator, Violation

from domain.shared.errors import FieldViolation, Invalid
from servers.mesh.call import Behaviour, Call
from servers.mesh.contract import Method
from servers.mesh.fields import Fields, Finder

_TIMESTAMP = timestamp_pb2.Timestamp.DESCRIPTOR.full_name
_DURATION = duration_pb2.Duration.DESCRIPTOR.full_name
_LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z."""
_LONGEST_SECONDS = 315_576_000_000
"""10,000 years: protobuf's own bound of a Duration."""


def _is_time(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.full_name in (_TIMESTAMP, _DURATION)


class Validation:
    """Holds a request to the bounds that its contract declares, and times to what can be stored.

    Instants here are whole microseconds of the years 1970 to 9999. A finer or farther one is refused
    and never rounded: the caller would be told another time than it sent.
    """

    def __init__(self) -> None:
        self._validator = Validator()
        self._times = Fields(_is_time)

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        if method.streams_requests:
            return inner
        find_times = self._times.finder(method.request_type)
        validator = self._validator
        # Compiles the rules, which takes milliseconds, before the first caller waits for it.
        validator.collect_violations(message_factory.GetMessageClass(method.request_type)())

        async def validated(call: Call) -> object:
            broken = validator.collect_violations(call.request)
            violations = [_violation_of(one) for one in broken] if broken else []
            if find_times is not None:
                violations += _broken_times(find_times, call.request)
            if violations:
                raise Invalid(violations)
            return await inner(call)

        return validated


def _violation_of(violation: Violation) -> FieldViolation:
    proto = violation.proto
    return FieldViolation(
        field=_path_of(proto.field.elements) if proto.field else "",
        reason=proto.rule_id.upper().replace(".", "_").replace("-", "_") or "RULE_BROKEN",
        description=proto.message,
    )


def _path_of(elements: Sequence[Any]) -> str:
    return ".".join(element.field_name + _subscript_of(element) for element in elements)


def _subscript_of(element: Any) -> str:
    subscript = element.subscript
    if subscript is None:
        return ""
    return f'["{subscript.value}"]' if isinstance(subscript.value, str) else f"[{subscript.value}]"


def _broken_times(find_times: Finder, request: Message) -> Iterator[FieldViolation]:
    for path, time in find_times(request):
        if isinstance(time, timestamp_pb2.Timestamp):
            if not (0 <= time.seconds <= _LAST_SECOND and 0 <= time.nanos < 1_000_000_000):
                yield FieldViolation(path, "TIME_OUT_OF_RANGE", "must lie within the years 1970 to 9999")
        elif not (abs(time.seconds) <= _LONGEST_SECONDS and abs(time.nanos) < 1_000_000_000):
            yield FieldViolation(path, "DURATION_OUT_OF_RANGE", "must be at most 10,000 years long")
        elif time.seconds * time.nanos < 0:
            yield FieldViolation(path, "DURATION_SIGNS_DIFFER", "seconds and nanos must have the same sign")
        if time.nanos % 1000:
            yield FieldViolation(path, "TIME_TOO_FINE", "must be whole microseconds")
