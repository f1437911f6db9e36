"""Errors become statuses in one place: codes, details, trailers, and what must not be told."""

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from domain.shared import errors
from domain.shared.errors import DomainError, FieldViolation, Invalid, Raced, Refused, Throttled
from nectary.common.v1.error_reason_pb2 import ErrorReason
from servers.mesh.errors import CODES, MAX_DETAIL_BYTES, Ending, MethodUnknown, TooLarge, ending_of


def details(ending: Ending, kind: type) -> list[object]:
    status = status_pb2.Status.FromString(dict(ending.trailers)["grpc-status-details-bin"])
    found = []
    for detail in status.details:
        message = kind()
        if detail.Is(message.DESCRIPTOR):
            detail.Unpack(message)
            found.append(message)
    return found


def every_kind() -> list[type[DomainError]]:
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DomainError)
    ]
    return [kind for kind in kinds if kind is not DomainError]


@pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: kind.__name__)
def test_every_kind_of_domain_error_has_a_code(kind: type[DomainError]) -> None:
    assert kind in CODES


def test_a_status_carries_exactly_one_error_info_with_all_variables() -> None:
    ending = ending_of(Refused("TERM_PAUSED", "the term is paused", term_id="t1"), "r1")
    assert ending.code is grpc.StatusCode.FAILED_PRECONDITION
    (info,) = details(ending, error_details_pb2.ErrorInfo)
    assert isinstance(info, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain, dict(info.metadata)) == ("TERM_PAUSED", "nectary", {"term_id": "t1"})
    assert not details(ending, error_details_pb2.RetryInfo)


def test_violations_are_told_one_by_one() -> None:
    ending = ending_of(Invalid([FieldViolation("a.b[2]", "TOO_LONG", "at most 3")]), "r1")
    (bad,) = details(ending, error_details_pb2.BadRequest)
    assert isinstance(bad, error_details_pb2.BadRequest)
    (violation,) = bad.field_violations
    assert (violation.field, violation.reason, violation.description) == ("a.b[2]", "TOO_LONG", "at most 3")


def test_more_violations_than_a_client_can_receive_are_counted() -> None:
    violations = [FieldViolation(f"items[{n}]", "WRONG", "x" * 200) for n in range(1000)]
    ending = ending_of(Invalid(violations), "r1")
    (bad,) = details(ending, error_details_pb2.BadRequest)
    (info,) = details(ending, error_details_pb2.ErrorInfo)
    assert isinstance(bad, error_details_pb2.BadRequest)
    assert isinstance(info, error_details_pb2.ErrorInfo)
    assert len(bad.field_violations) + int(info.metadata["violations_omitted"]) == 1000
    assert len(dict(ending.trailers)["grpc-status-details-bin"]) < MAX_DETAIL_BYTES + 500


@pytest.mark.parametrize(
    ("error", "milliseconds"),
    [(Throttled("THROTTLED", "too often", 1234), 1234), (Raced("TRANSACTION_RACED", "raced"), 50)],
)
def test_what_is_worth_another_try_says_when(error: DomainError, milliseconds: int) -> None:
    ending = ending_of(error, "r1")
    (retry,) = details(ending, error_details_pb2.RetryInfo)
    assert isinstance(retry, error_details_pb2.RetryInfo)
    assert retry.retry_delay.ToMilliseconds() == milliseconds
    assert dict(ending.trailers)["grpc-retry-pushback-ms"] == str(milliseconds)


@pytest.mark.parametrize("error", [ValueError("secret sql"), KeyError("secret"), SystemExit("secret")])
def test_an_unexpected_error_tells_only_the_request_id(error: BaseException) -> None:
    ending = ending_of(error, "r1")
    assert (ending.code, ending.message, ending.unexpected) == (
        grpc.StatusCode.INTERNAL,
        "internal error",
        True,
    )
    (info,) = details(ending, error_details_pb2.ErrorInfo)
    assert isinstance(info, error_details_pb2.ErrorInfo)
    assert dict(info.metadata) == {"request_id": "r1"}
    assert b"secret" not in dict(ending.trailers)["grpc-status-details-bin"]


@pytest.mark.parametrize("error", [MethodUnknown(), TooLarge(5)])
def test_the_reasons_of_the_process_are_in_the_contract(error: DomainError) -> None:
    assert f"ERROR_REASON_{error.reason}" in ErrorReason.keys()  # noqa: SIM118  # not a mapping
