"""`nectary.risk.v1.RiskService`: translate, call one use case, translate back."""

from typing import TYPE_CHECKING, Any

from domain.risk.appeals import Appeal
from domain.risk.commands import appeals, suspects
from domain.risk.commands.suspects import Listed
from domain.risk.subjects import Subject, SubjectKind
from domain.shared.instants import Instant
from nectary.risk.v1 import risk_pb2
from nectary.risk.v1 import risk_service_pb2 as pb
from nectary.risk.v1 import risk_service_pb2_grpc as rpc
from servers.mesh.timestamps import instant_of
from servers.risk.asking import Asking, is_operator, new_id
from servers.risk.drafts import Drafts
from servers.risk.evaluating import Evaluator
from servers.risk.reads import Reads
from servers.risk.wire import decisions
from servers.risk.wire.suspects import appeal, suspect
from servers.risk.wire.values import optional_instant, own_subject

if TYPE_CHECKING:
    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class RiskServicer(rpc.RiskServiceServicer):
    """Rules, suspects and decisions."""

    def __init__(self, ask: Asking, reads: Reads, drafts: Drafts, evaluator: Evaluator) -> None:
        self._ask = ask
        self._reads = reads
        self._drafts = drafts
        self._evaluator = evaluator

    async def ApplyRules(self, request: pb.ApplyRulesRequest, context: "Context") -> pb.ApplyRulesResponse:
        return await self._drafts.apply(request)

    async def GetRules(self, request: pb.GetRulesRequest, context: "Context") -> pb.GetRulesResponse:
        return await self._reads.rules(request)

    async def Evaluate(self, request: pb.EvaluateRequest, context: "Context") -> pb.EvaluateResponse:
        facts = decisions.facts_of(request.facts)
        done = await self._evaluator.evaluate(facts, check_only=request.check_only)
        decision = decisions.decision(done.decision, done.decision_id)
        return pb.EvaluateResponse(decision=decision, challenge=done.challenge)

    async def ListSuspects(
        self, request: pb.ListSuspectsRequest, context: "Context"
    ) -> pb.ListSuspectsResponse:
        return await self._reads.suspects(request)

    async def GetSubject(self, request: pb.GetSubjectRequest, context: "Context") -> pb.GetSubjectResponse:
        return await self._reads.subject(request)

    async def ConfirmSuspect(
        self, request: pb.ConfirmSuspectRequest, context: "Context"
    ) -> pb.ConfirmSuspectResponse:
        def answer(result: Listed, now: Instant) -> pb.ConfirmSuspectResponse:
            return pb.ConfirmSuspectResponse(suspect=_suspect(result, now))

        command = suspects.ConfirmSuspect(
            own_subject(request.subject, "subject"),
            optional_instant(request, "expire_time"),
            request.expected_version,
        )
        return await self._ask.once(
            request, pb.ConfirmSuspectResponse, suspects.confirm_suspect, command, answer
        )

    async def ReleaseSuspect(
        self, request: pb.ReleaseSuspectRequest, context: "Context"
    ) -> pb.ReleaseSuspectResponse:
        def answer(result: Listed, now: Instant) -> pb.ReleaseSuspectResponse:
            return pb.ReleaseSuspectResponse(suspect=_suspect(result, now))

        command = suspects.ReleaseSuspect(
            own_subject(request.subject, "subject"),
            request.expected_version,
            only_below_confirmed=not is_operator(),
        )
        return await self._ask.once(
            request, pb.ReleaseSuspectResponse, suspects.release_suspect, command, answer
        )

    async def AllowSubject(
        self, request: pb.AllowSubjectRequest, context: "Context"
    ) -> pb.AllowSubjectResponse:
        def answer(result: Listed, now: Instant) -> pb.AllowSubjectResponse:
            return pb.AllowSubjectResponse(suspect=_suspect(result, now))

        command = suspects.AllowSubject(
            own_subject(request.subject, "subject"),
            instant_of(request.expire_time),
            request.rule_id,
            request.expected_version,
        )
        return await self._ask.once(request, pb.AllowSubjectResponse, suspects.allow_subject, command, answer)

    async def Appeal(self, request: pb.AppealRequest, context: "Context") -> pb.AppealResponse:
        def answer(result: Appeal, _: Instant) -> pb.AppealResponse:
            return pb.AppealResponse(appeal=appeal(result))

        subject = Subject(SubjectKind.MEMBER, request.member_id)
        command = appeals.MakeAppeal(new_id(), subject, request.text)
        return await self._ask.once(request, pb.AppealResponse, appeals.make_appeal, command, answer)

    async def ListDecisions(
        self, request: pb.ListDecisionsRequest, context: "Context"
    ) -> pb.ListDecisionsResponse:
        return await self._reads.decisions(request)

    async def ExplainDecision(
        self, request: pb.ExplainDecisionRequest, context: "Context"
    ) -> pb.ExplainDecisionResponse:
        return await self._reads.explanation(request)

    async def ReplayDecisions(
        self, request: pb.ReplayDecisionsRequest, context: "Context"
    ) -> pb.ReplayDecisionsResponse:
        return await self._drafts.replay(request)

    async def SimulateRules(
        self, request: pb.SimulateRulesRequest, context: "Context"
    ) -> pb.SimulateRulesResponse:
        return await self._drafts.simulate(request)

    async def ListHotSubjects(
        self, request: pb.ListHotSubjectsRequest, context: "Context"
    ) -> pb.ListHotSubjectsResponse:
        return await self._reads.hot_subjects(request)


def _suspect(result: Listed, now: Instant) -> "risk_pb2.Suspect":
    return suspect(result.entry, result.appeal, now)
