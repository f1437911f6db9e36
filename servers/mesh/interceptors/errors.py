"""Ends every call that did not end well: whatever is raised below becomes one status."""

import asyncio
from typing import cast

import grpc

from servers.mesh.call import Behaviour, Call, Outcome
from servers.mesh.contract import Method
from servers.mesh.errors import Ending, ending_of

_CODES = {code.value[0]: code for code in grpc.StatusCode}


class Errors:
    """Turns an error into a status. Only here is `context.abort` called.

    A cancellation from outside (the caller went away, its deadline passed, the server stops) has
    nobody to be told, and goes on. One that a handler raised by itself would leave the caller waiting
    for ever, as would SystemExit: these end like any other bug.
    """

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
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
                ending = _safe_ending(error, call.request_id)
                call.outcome = _outcome_of(ending, error)
            return await call.context.abort(ending.code, ending.message, ending.trailers)

        return ended


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


def _outcome_of(ending: Ending, error: BaseException) -> Outcome:
    return Outcome(ending.code, ending.reason, ending.message, error if ending.unexpected else None)
