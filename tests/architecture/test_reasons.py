"""Each refusal names a reason of the contract, and each reason of the contract is one we give."""

import ast
import re
from collections.abc import Iterator

from domain.shared import errors
from nectary.common.v1 import error_reason_pb2
from tests.architecture.sources import Source, sources

PREFIX = "ERROR_REASON_"

NEVER_RAISED = {
    "UNSPECIFIED": "the zero of the enum, never sent",
}
"""Reason → why nothing in `domain/` or `servers/` names it."""


def declared() -> set[str]:
    values = error_reason_pb2.ErrorReason.DESCRIPTOR.values
    return {value.name.removeprefix(PREFIX) for value in values}


def subclasses(kind: type[errors.DomainError]) -> Iterator[type[errors.DomainError]]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


ERRORS = {kind.__name__ for kind in subclasses(errors.DomainError)} | {"DomainError"}


def code() -> list[Source]:
    return [*sources("domain"), *sources("servers")]


def reason_given(call: ast.Call) -> ast.expr | None:
    """The argument that is the reason, if there is one: `Invalid` has it second, the others first."""
    kind = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if kind not in ERRORS:
        return None
    place = 1 if kind == "Invalid" else 0
    named = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
    return named[0] if named else call.args[place] if len(call.args) > place else None


def test_every_reason_that_the_code_gives_is_in_the_contract() -> None:
    unknown = [
        f"{source}:{call.lineno}: {given.value!r}"
        for source in code()
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call)
        and isinstance(given := reason_given(call), ast.Constant)
        and given.value not in declared()
    ]
    assert not unknown, "not values of nectary.common.v1.ErrorReason:\n" + "\n".join(unknown)


def test_every_reason_of_the_contract_is_given_somewhere() -> None:
    # A reason may pass through a table or a dataclass on its way, so any string counts that is one.
    written = {
        node.value
        for source in code()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    } | {
        node.attr.removeprefix(PREFIX)
        for source in code()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
    }
    dead = declared() - written - NEVER_RAISED.keys()
    assert not dead, f"promised, never given: {sorted(dead)}"


def test_a_reason_is_an_upper_snake_word() -> None:
    assert all(re.fullmatch(r"[A-Z][A-Z_]{2,62}", reason) for reason in declared())
