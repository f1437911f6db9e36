"""Refusals survive the way into the database and back."""

import pytest

from domain.shared import errors
from domain.shared.errors import DomainError, FieldViolation, Invalid, Throttled
from servers.store.refusals import decode_refusal, encode_refusal

KINDS = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, DomainError) and each is not DomainError
]


def an_error(kind: type[DomainError]) -> DomainError:
    if kind is Invalid:
        violations = [FieldViolation("catalog.skus[2]", "TOO_LONG", "at most 36 characters: 会员")]
        return Invalid(violations, "CATALOG_INCONSISTENT", "two of them", count="2")
    if kind is Throttled:
        return Throttled("THROTTLED", "slowly", retry_after_ms=5)
    return kind("SOME_REASON", "the \u201cmessage\u201d", sku_id="gold", 会员="一")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.permanent])
def test_a_permanent_refusal_is_the_same_after_the_round_trip(kind: type[DomainError]) -> None:
    error = an_error(kind)

    again = decode_refusal(encode_refusal(error))

    assert type(again) is kind
    assert str(again) == str(error)
    assert (again.reason, again.message) == (error.reason, error.message)
    assert (again.metadata, again.violations) == (error.metadata, error.violations)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.permanent])
def test_a_transient_error_is_never_stored(kind: type[DomainError]) -> None:
    with pytest.raises(ValueError, match=kind.__name__):
        encode_refusal(an_error(kind))


def test_there_are_both_kinds() -> None:
    assert {kind.permanent for kind in KINDS} == {True, False}
