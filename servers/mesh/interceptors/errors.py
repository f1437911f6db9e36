"""Ends every call that did not end well: whatever is raised below becomes one status."""

import asyncio
from typing import cast

import grpc

from domain.shared.errors import DomainError, NotFound, Refused, Throttled
from servers.mesh.call import Behaviour, Call, Outcome
from servers.mesh.contract import Method
from servers.mesh.errors import Ending, ending_of

MOST_KEPT = 256
"""Endings of one method: those that name an order or a member come once, and make way."""
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_PLAIN = frozenset({NotFound, Refused, Throttled})
_Words = tuple[object, ...]


class Errors:
    """Turns an error into a status. Only here is `context.abort` called.

    A cancellation from outside (the caller went away, its deadline passed, the server stops) has
    nobody to be told, and goes on. One that a handler raised by itself would leave the caller waiting
    for ever, as would SystemExit: these end like any other bug.
    """

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        endings = _Endings()

        async def ended(call: Call) -> object:
            try:
                return await inner(call)
            except GeneratorExit:
                raise
            except grpc.aio.AbortError:
                # A library's servicer (health) has ended the call by itself.
                code = _CODES.get(cast("int", call.context.code()), grpc.StatusCode.UNKNOWN)
                call.outcome = Outcome(code)
                raise
            except BaseException as error:
                if isinstance(error, asyncio.CancelledError) and _is_from_outside():
                    call.outcome = Outcome(_code_of_cancellation(call))
                    raise
                ending, call.outcome = endings.of(error, call.request_id)
            return await call.context.abort(ending.code, ending.message, ending.trailers)

        return ended


class _Endings:
    """Makes endings; what many callers are told word for word is made once, "sold out" above all."""

    def __init__(self) -> None:
        self._kept: dict[_Words, tuple[Ending, Outcome]] = {}

    def of(self, error: BaseException, request_id: str) -> tuple[Ending, Outcome]:
        """How the call ends, and how that is counted and logged."""
        words = _words_of(error)
        if words is None:
            return _made(error, request_id)
        kept = self._kept.get(words)
        if kept is not None:
            return kept
        made = _made(error, request_id)
        # One that could not be described is a bug, and names the request of whoever met it.
        if made[1].error is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[words] = made
        return made


def _words_of(error: BaseException) -> _Words | None:
    """All that the ending of a plain refusal is made of; None for errors that bring more than words."""
    kind = type(error)
    if kind not in _PLAIN:
        return None
    assert isinstance(error, DomainError)
    if not all(isinstance(value, str) for value in error.metadata.values()):
        return None
    retry_ms = error.retry_after_ms if isinstance(error, Throttled) else None
    return kind, error.reason, error.message, tuple(error.metadata.items()), retry_ms


def _made(error: BaseException, request_id: str) -> tuple[Ending, Outcome]:
    ending = _safe_ending(error, request_id)
    return ending, Outcome(ending.code, ending.reason, ending.message, error if ending.unexpected else None)


def _is_from_outside() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _code_of_cancellation(call: Call) -> grpc.StatusCode:
    is_late = asyncio.get_running_loop().time() >= call.deadline
    return grpc.StatusCode.DEADLINE_EXCEEDED if is_late else grpc.StatusCode.CANCELLED


def _safe_ending(error: BaseException, request_id: str) -> Ending:
    try:
        return ending_of(error, request_id)
    except Exception as broken:
        # An error that cannot even be described (metadata that is no text, say) is a bug by itself.
        broken.__cause__ = error
        return ending_of(broken, request_id)
