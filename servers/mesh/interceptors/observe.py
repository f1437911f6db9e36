"""Counts every call and writes one line about those worth reading."""

import random
import time
import traceback

import grpc
import structlog
from google.protobuf.message import Message

from servers.mesh.call import Behaviour, Call
from servers.mesh.contract import Method
from servers.mesh.metrics import Metrics
from servers.mesh.subjects import SECRETS

_log = structlog.get_logger("nectary.calls")
_OK = grpc.StatusCode.OK
_EXPECTED = frozenset({grpc.StatusCode.OK, grpc.StatusCode.CANCELLED})


class Observe:
    """Metrics for all calls; a log line for errors, slow calls and a sample of the others.

    A request's content is never logged. Where an unexpected error is, its text could quote the
    request, so the values of fields that the contract marks secret are struck out of it.
    """

    def __init__(self, metrics: Metrics, *, sample: float, slow_seconds: float) -> None:
        """`sample`: part of ordinary calls to log, 0 to 1."""
        self._metrics = metrics
        self._sample = sample
        self._slow_seconds = slow_seconds

    def wrap(self, method: Method, inner: Behaviour) -> Behaviour:
        seconds = self._metrics.seconds.labels(method.path)
        succeeded = self._metrics.calls.labels(method.path, _OK.name, "")
        in_progress = self._metrics.in_progress

        async def observed(call: Call) -> object:
            began = time.perf_counter()
            in_progress.inc()
            try:
                return await inner(call)
            finally:
                took = time.perf_counter() - began
                in_progress.dec()
                seconds.observe(took)
                outcome = call.outcome
                if outcome.code is _OK:
                    succeeded.inc()
                else:
                    self._metrics.calls.labels(method.path, outcome.code.name, outcome.reason).inc()
                if outcome.code is not _OK or took >= self._slow_seconds or random.random() < self._sample:
                    _write(call, took)

        return observed


def _write(call: Call, took: float) -> None:
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
        "ms": round(took * 1000, 3),
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
