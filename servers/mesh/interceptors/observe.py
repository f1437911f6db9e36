"""Counts every call and writes one line about those worth reading."""

import traceback
from random import random
from time import perf_counter

import grpc
import structlog
from google.protobuf.message import Message

from servers.mesh.call import SUCCESS, Behaviour, Call
from servers.mesh.contract import Method
from servers.mesh.metrics import Metrics
from servers.mesh.subjects import SECRETS

_log = structlog.get_logger("nectary.calls")
MOST_REFUSALS = 100
_EXPECTED = frozenset({grpc.StatusCode.OK, grpc.StatusCode.CANCELLED})


class Observe:
    """Metrics for all calls; a log line for errors, slow calls and a sample of the others.

    Of a method's refusals the first 100 of each second are written: a flash sale refuses thousands, all
    counted, and the lines would cost more than the answers. A bug of ours is always written.

    A request's content is never logged. Where an unexpected error is, its text could quote the
    request, so the values of fields that the contract marks secret are struck out of it.
    """

    def __init__(self, metrics: Metrics, *, sample: float, slow_seconds: float) -> None:
        """`sample`: part of ordinary calls to log, 0 to 1."""
        self._metrics = metrics
        self._sample = sample
        self._slow_seconds = slow_seconds

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        tally, sample, slow_seconds = self._metrics.tally(method.path), self._sample, self._slow_seconds

        trickle = _Trickle(MOST_REFUSALS)

        async def observed(call: Call) -> object:
            began = perf_counter()
            tally.in_progress += 1
            try:
                return await inner(call)
            finally:
                seconds = perf_counter() - began
                tally.in_progress -= 1
                tally.end(call.outcome.code.name, call.outcome.reason, seconds)
                if call.outcome is SUCCESS:
                    worth_reading = seconds >= slow_seconds or random() < sample
                else:
                    worth_reading = call.outcome.error is not None or trickle.lets(began + seconds)
                if worth_reading:
                    _write(call, seconds)

        return observed


class _Trickle:
    """Lets so many pass in a second."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._until = 0.0

    def lets(self, now: float) -> bool:
        if now >= self._until:
            self._until, self._left = now + 1.0, self._most
        self._left -= 1
        return self._left >= 0


def _write(call: Call, seconds: float) -> None:
    outcome, caller = call.outcome, call.caller
    record = {
        "request_id": call.request_id,
        "method": call.method.path,
        "code": outcome.code.name,
        "reason": outcome.reason,
        "message": outcome.message,
        "caller": caller.name,
        "member_id": caller.member_id,
        "peer": call.context.peer(),
        "ms": round(seconds * 1000, 3),
    }
    record = {key: value for key, value in record.items() if value}
    if outcome.error is not None:
        _log.error("call", **record, exception=_trace(call, outcome.error))
    elif outcome.code in _EXPECTED:
        _log.info("call", **record)
    else:
        _log.warning("call", **record)


def _trace(call: Call, error: BaseException) -> str:
    text = "".join(traceback.format_exception(error))
    find_secrets = SECRETS.finder(call.method.request_type)
    if find_secrets is None or not isinstance(call.request, Message):
        return text
    for _, secret in find_secrets(call.request):
        text = text.replace(str(secret), "[secret]")
    return text
