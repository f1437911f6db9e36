"""The bare echo, and the same behind the judge of a process with four limits.

    python -m benchmarks.measuring.limited_echo REDIS_URL

`Bare` only echoes, and `Aborted` ends each call with a refusal that was made beforehand. `Limited` is asked
about by the store; `Recorded` is the same with the log that a process keeps: a record of each call, with its
evidence, to a Redis Stream. `Refused` is refused from the local memory, and answered all the same: it shows
what the decision costs. `Told` is Refused up to the status on the wire, with all its details.
"""

import itertools
import sys
from collections.abc import Sequence
from typing import Any

import uvloop

from benchmarks.measuring.limits import limiter
from benchmarks.measuring.serving import serve
from domain.risk.charging import counted_limit
from domain.risk.decisions import THROTTLED
from domain.risk.rules import Limit, Rule, RuleSet
from domain.risk.subjects import SubjectKind
from domain.shared.errors import Throttled
from nectary.identity.v1 import identity_service_pb2 as pb
from servers.mesh.call import Behaviour, Call
from servers.mesh.clock import SystemClock
from servers.mesh.contract import method_of
from servers.mesh.errors import ending_of
from servers.mesh.interceptors.errors import Errors
from servers.mesh.interceptors.risk import Risk
from servers.mesh.judging.answers import limit_reached
from servers.mesh.judging.grounds import to_json
from servers.mesh.judging.judge import Chambers, Records, decision_ids
from servers.mesh.judging.list_copy import ListCopy
from servers.mesh.judging.log import EventLog
from servers.mesh.judging.outlet import Outlet
from servers.mesh.judging.record import DecisionRecord
from servers.mesh.judging.rules_copy import RulesCopy
from servers.mesh.judging.stream_sink import StreamSink
from servers.mesh.judging.tally import Tally
from servers.mesh.limiting.limiter import WindowLimiter

SERVICE = "benchmarks.LimitedEcho"
METHODS = ("Bare", "Limited", "Recorded", "Refused", "Aborted", "Told")
REFUSING = ("Aborted", "Told")
"""Those whose callers get no message."""
MEMBERS = 2_000
"""Whom the calls are about, in turn."""
METHOD = method_of("/nectary.identity.v1.IdentityService/ListIdentities", {})
MEMBER = (SubjectKind.MEMBER,)


def _rule(name: str, units: int, window_ms: int) -> Rule:
    return Rule(name, name, "benchmarks", Limit(MEMBER, units, window_ms))


FOUR = (
    _rule("burst", 50, 10_000),
    _rule("minute", 1_000, 60_000),
    _rule("hour", 10_000, 3_600_000),
    _rule("day", 60_000, 86_400_000),
)
"""One exact, three counted in buckets."""
ONCE = _rule("once", 1, 86_400_000)
"""Used up by the warming round; what comes later is a refusal that is remembered."""


_REFUSAL = ending_of(
    limit_reached(counted_limit(ONCE), 60_000, THROTTLED, "identity", next(decision_ids())), ""
)


class _Unwritten:
    """A log that keeps nothing."""

    def put(self, record: DecisionRecord) -> None:
        pass


def _chambers(limiter: WindowLimiter, rules: Sequence[Rule], records: Records) -> Chambers:
    rule_set = RuleSet(1, tuple(rules))
    copy = RulesCopy(lambda: rule_set, lambda rule, error: None)
    tally = Tally(lambda: 0.0, lambda: 0)
    return Chambers(copy, ListCopy(), limiter, records, SystemClock(), tally)


async def _bare(request: pb.ListIdentitiesRequest, context: Any) -> pb.ListIdentitiesRequest:
    return request


async def _aborted(request: pb.ListIdentitiesRequest, context: Any) -> None:
    await context.abort(_REFUSAL.code, _REFUSAL.message, _REFUSAL.trailers)


def _told(chambers: Chambers) -> Any:
    async def inner(call: Call) -> object:
        raise AssertionError("admitted: the run is void")

    return _handler(Errors().wrap(METHOD, Risk(chambers).wrap(METHOD, inner)))


def _behind(chambers: Chambers) -> Any:
    async def inner(call: Call) -> object:
        return call.request

    return _handler(Risk(chambers).wrap(METHOD, inner))


def _refused(chambers: Chambers) -> Any:
    admitted = itertools.count()

    async def inner(call: Call) -> object:
        if next(admitted) >= MEMBERS:
            raise AssertionError("admitted twice: the run is void")
        return call.request

    behaviour = Risk(chambers).wrap(METHOD, inner)

    async def answered(call: Call) -> object:
        try:
            return await behaviour(call)
        except Throttled:
            return call.request

    return _handler(answered)


def _handler(behaviour: Behaviour) -> Any:
    async def handler(request: pb.ListIdentitiesRequest, context: Any) -> object:
        call = Call(METHOD, context, "")
        call.request = request
        return await behaviour(call)

    return handler


async def _serve(url: str) -> None:
    async with limiter(url) as (own, client):
        log = EventLog([Outlet(StreamSink(client, SystemClock()))], to_json)
        log.start()
        # One for both: limits that are equal are not the same, and what is known of one is not of the other.
        refusing = _chambers(own, (*FOUR, ONCE), _Unwritten())
        handlers = {
            "Bare": _bare,
            "Limited": _behind(_chambers(own, FOUR, _Unwritten())),
            "Refused": _refused(refusing),
            "Recorded": _behind(_chambers(own, FOUR, log)),
            "Aborted": _aborted,
            "Told": _told(refusing),
        }
        kind = pb.ListIdentitiesRequest
        await serve(SERVICE, {name: (handler, kind) for name, handler in handlers.items()})
        await log.close()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
