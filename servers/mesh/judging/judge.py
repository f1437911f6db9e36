"""The judge of a process: what the list says, what the rules say, what was counted, and one record of it.

Most calls name nobody who is listed and meet rules that only count. For those everything but the counting
was worked out before. All others are decided by the domain, from the evidence, as a replay would; the
short way must come to the same, which tests hold it to.
"""

import itertools
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.risk.decisions import THROTTLED, TOO_FAST
from domain.risk.limit import FailureClass, Limit
from domain.risk.rules import Outcome
from domain.risk.stamps import NEVER
from domain.risk.subjects import SubjectKind, address_family
from domain.shared.errors import DomainError
from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.call import Call, Caller
from servers.mesh.clock import Clock
from servers.mesh.contract import Method
from servers.mesh.judging.answers import decided_elsewhere, limit_reached, refused
from servers.mesh.judging.closely import look_closely
from servers.mesh.judging.grounds import Counted, Grounds
from servers.mesh.judging.list_copy import ListCopy
from servers.mesh.judging.naming import ANYONE, ROLES, naming, proved
from servers.mesh.judging.plans import InForce, Names
from servers.mesh.judging.record import DecisionRecord
from servers.mesh.judging.rules_copy import RulesCopy
from servers.mesh.judging.tally import Tally
from servers.mesh.limiting.judgement import Judgement
from servers.mesh.limiting.limiter import WindowLimiter

_CLASSES: "Mapping[risk.FailureClass.ValueType, FailureClass]" = {
    risk.FAILURE_CLASS_BOUNDED: FailureClass.BOUNDED,
    risk.FAILURE_CLASS_CLOSED: FailureClass.CLOSED,
    risk.FAILURE_CLASS_OPEN: FailureClass.OPEN,
}
_UNLISTED = ("NONE", "NONE", "NONE")
_NOTHING_COUNTED: tuple[Counted, ...] = ()


class Records(Protocol):
    """Where the record of each call goes; takes about a microsecond and never waits."""

    def put(self, record: DecisionRecord) -> None: ...


@dataclass(frozen=True)
class Chambers:
    """What all calls of a process are judged with."""

    rules: RulesCopy
    suspects: ListCopy
    limiter: WindowLimiter
    records: Records
    clock: Clock
    tally: Tally


class Judge:
    """Judges the calls of one method."""

    def __init__(self, chambers: Chambers, method: Method) -> None:
        self._rules = chambers.rules
        self._suspects = chambers.suspects
        self._limiter = chambers.limiter
        self._put = chambers.records.put
        self._now = chambers.clock.now
        self._tally = chambers.tally
        self._names_of = naming(method)
        self._scene, self._path, self._cost = method.scene, method.path, method.cost
        self._service = method.service
        self._failure_class = _CLASSES[method.failure_class]

    async def judge(self, call: Call) -> None:
        """Returns if the call may go on.

        Raises LimitReached, DecidedElsewhere, SubjectDenied or ChallengeRequired.
        """
        began = time.perf_counter_ns()
        now = self._now()
        caller = call.caller
        names = self._names_of(call)
        in_force = self._rules.in_force
        listed = self._suspects.look_up(self._everyone(names, caller), now) if len(self._suspects) else ()
        role = ROLES.get(caller.role, ANYONE)
        plan = in_force.plan(self._circumstances(names, caller, role))
        closely = bool(listed) or not plan.is_plain
        counted, judgement = _NOTHING_COUNTED, None
        if not closely and self._cost and (charges := plan.charges(names)):
            judgement = await self._limiter.decide(charges, self._cost, self._failure_class)
            counted = (Counted(charges, judgement),)
        grounds = Grounds(
            self._scene,
            self._path,
            caller.name,
            role,
            self._cost,
            names,
            proved(caller, names),
            now,
            in_force.rules.revision,
            listed,
            plan.conditions,
            counted,
        )
        if closely:
            await self._decide_closely(grounds, in_force, began)
        elif judgement is None or judgement.admitted:
            self._record(grounds, began)
        else:
            self._refuse_plainly(grounds, judgement, began)

    def _circumstances(self, names: Names, caller: Caller, role: str) -> tuple[object, ...]:
        """Of a call in which nobody is listed, in the order of `Circumstances`."""
        address = names.get(SubjectKind.ADDRESS)
        return (
            self._scene,
            self._path,
            caller.name,
            role,
            self._cost,
            SubjectKind.MEMBER in names,
            SubjectKind.DEVICE in names,
            SubjectKind.PAYMENT in names,
            "" if address is None else address_family(address[0]),
            *_UNLISTED,
        )

    def _refuse_plainly(self, grounds: Grounds, judgement: Judgement, began: int) -> None:
        limit, wait = _deciding(judgement)
        reason = TOO_FAST if limit.units == 1 else THROTTLED
        decision_id = self._record(grounds, began, Outcome.THROTTLE, reason, limit.name, limit.version)
        raise self._limited(grounds, limit, wait, reason, decision_id)

    async def _decide_closely(self, grounds: Grounds, in_force: InForce, began: int) -> None:
        grounds, decision = await look_closely(grounds, in_force, self._limiter, self._failure_class)
        would = tuple((one.rule_id, one.rule_version, one.outcome.value) for one in decision.would)
        decision_id = self._record(
            grounds, began, decision.outcome, decision.reason, decision.rule_id, decision.rule_version, would
        )
        if decision.outcome is Outcome.ALLOW:
            return
        if decision.outcome is Outcome.THROTTLE:
            limit = grounds.limit_of(decision.rule_id)
            raise self._limited(grounds, limit, decision.retry_after_ms, decision.reason, decision_id)
        raise refused(decision, decision_id, grounds.listed, grounds.at)

    def _limited(
        self, grounds: Grounds, limit: Limit, wait: int, reason: str, decision_id: str
    ) -> DomainError:
        if grounds.is_decided_elsewhere:
            return decided_elsewhere(limit, wait, decision_id)
        return limit_reached(limit, wait, reason, self._service, decision_id)

    def _everyone(self, names: Names, caller: Caller) -> Iterator[tuple[str, str]]:
        for kind, values in names.items():
            for value in values:
                yield kind, value
        yield SubjectKind.CALLER, caller.name
        yield SubjectKind.METHOD, self._path
        yield SubjectKind.SCENE, self._scene

    def _record(
        self,
        grounds: Grounds,
        began: int,
        outcome: Outcome = Outcome.ALLOW,
        reason: str = "",
        rule_id: str = "",
        rule_version: int = 0,
        would: tuple[tuple[str, int, str], ...] = (),
    ) -> str:
        """The id of the decision, under which it is found in the log."""
        decision_id = next(_DECISION_IDS)
        self._tally.count(self._scene, outcome, reason, would)
        self._put(
            DecisionRecord(
                decision_id,
                grounds.at,
                self._path,
                self._scene,
                grounds.caller,
                grounds.role,
                self._cost,
                tuple([(kind, value) for kind, values in grounds.names.items() for value in values]),
                tuple(grounds.authenticated),
                outcome,
                reason,
                rule_id,
                rule_version,
                grounds.revision,
                would,
                grounds,
                (time.perf_counter_ns() - began) // 1000,
                False,
            )
        )
        return decision_id


def _deciding(judgement: Judgement) -> tuple[Limit, int]:
    """The limit that refuses, and its wait: a pace first, then the longest wait, of equals the first."""
    reckoning = judgement.reckoning
    if len(reckoning.limits) == 1:
        # A refusal that was known already.
        return reckoning.limits[0], reckoning.waits_ms[0]
    waiting = (
        (limit, wait) for limit, wait in zip(reckoning.limits, reckoning.waits_ms, strict=True) if wait
    )
    return max(waiting, key=lambda pair: (pair[0].units == 1, float("inf") if pair[1] == NEVER else pair[1]))


def decision_ids() -> Iterator[str]:
    """Unique among all processes, without a system call each."""
    process = os.urandom(8).hex()
    return (f"{process}-{number:x}" for number in itertools.count(1))


_DECISION_IDS = decision_ids()
