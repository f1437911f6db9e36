"""Rules, suspects and decisions: `nectary.risk.v1.RiskService`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from nectary.risk.v1 import risk_pb2 as risk
from nectary.risk.v1 import risk_service_pb2 as pb
from nectary.risk.v1 import risk_service_pb2_grpc as rpc

from .base import Client
from .channel import Channel
from .request_ids import new_request_id
from .times import duration_of, timestamp_of


class RiskClient(Client):
    """Arguments are those of the contract. Moments are aware; a request id is made where none is given."""

    SERVICE = pb.DESCRIPTOR.services_by_name["RiskService"]

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel)
        self._stub = rpc.RiskServiceStub(channel)

    async def apply_rules(
        self,
        rules: risk.RuleSet,
        *,
        validate_only: bool = False,
        expected_revision: int = 0,
        plan_etag: str = "",
        reason: str = "",
        request_id: str | None = None,
    ) -> pb.ApplyRulesResponse:
        """Replaces all rules, or with `validate_only` plans it.

        Raises Refused (CONFIRMATION_REQUIRED) if only the etag of a plan lets these rules in.
        """
        request = pb.ApplyRulesRequest(
            request_id=request_id or new_request_id(),
            rule_set=rules,
            validate_only=validate_only,
            expected_revision=expected_revision,
            plan_etag=plan_etag,
            reason=reason,
        )
        return await self._stub.ApplyRules(request)

    async def get_rules(self, *, revision: int = 0, at: datetime | None = None) -> pb.GetRulesResponse:
        """The rules of a revision, or those in force at a moment, now if absent."""
        return await self._stub.GetRules(pb.GetRulesRequest(revision=revision, at=timestamp_of(at)))

    async def evaluate(self, facts: risk.Facts, *, check_only: bool = False) -> pb.EvaluateResponse:
        """Judges a call that is served elsewhere, and counts it. A refusal is an answer here."""
        return await self._stub.Evaluate(pb.EvaluateRequest(facts=facts, check_only=check_only))

    async def list_suspects(
        self,
        *,
        states: Sequence[risk.SuspectState.ValueType] = (),
        scene: str = "",
        kind: risk.SubjectKind.ValueType = risk.SUBJECT_KIND_UNSPECIFIED,
        appealing: bool = False,
        page_size: int = 0,
        page_token: str = "",
    ) -> pb.ListSuspectsResponse:
        """One page of who is listed now, the newest first."""
        request = pb.ListSuspectsRequest(
            states=states,
            scene=scene,
            kind=kind,
            appealing=appealing,
            page_size=page_size,
            page_token=page_token,
        )
        return await self._stub.ListSuspects(request)

    async def get_subject(self, subject: risk.SubjectName) -> pb.GetSubjectResponse:
        """What the list says of one subject, and how it came to that."""
        return await self._stub.GetSubject(pb.GetSubjectRequest(subject=subject))

    async def confirm_suspect(
        self,
        subject: risk.SubjectName,
        *,
        reason: str,
        expire: datetime | None = None,
        expected_version: int = 0,
        request_id: str | None = None,
    ) -> risk.Suspect:
        """Puts a subject on the blacklist."""
        request = pb.ConfirmSuspectRequest(
            request_id=request_id or new_request_id(),
            subject=subject,
            reason=reason,
            expire_time=timestamp_of(expire),
            expected_version=expected_version,
        )
        return (await self._stub.ConfirmSuspect(request)).suspect

    async def release_suspect(
        self,
        subject: risk.SubjectName,
        *,
        reason: str,
        expected_version: int = 0,
        request_id: str | None = None,
    ) -> risk.Suspect:
        """Lets a listed subject go. Raises Refused (SUBJECT_NOT_LISTED) if it is not listed."""
        request = pb.ReleaseSuspectRequest(
            request_id=request_id or new_request_id(),
            subject=subject,
            reason=reason,
            expected_version=expected_version,
        )
        return (await self._stub.ReleaseSuspect(request)).suspect

    async def allow_subject(
        self,
        subject: risk.SubjectName,
        *,
        reason: str,
        expire: datetime,
        rule_id: str = "",
        expected_version: int = 0,
        request_id: str | None = None,
    ) -> risk.Suspect:
        """Lets a subject through until a moment, whatever rules say, or whatever one rule says."""
        request = pb.AllowSubjectRequest(
            request_id=request_id or new_request_id(),
            subject=subject,
            reason=reason,
            expire_time=timestamp_of(expire),
            rule_id=rule_id,
            expected_version=expected_version,
        )
        return (await self._stub.AllowSubject(request)).suspect

    async def appeal(self, member_id: str, text: str, *, request_id: str | None = None) -> risk.Appeal:
        """Objects to a member's listing: a person answers within a day."""
        request = pb.AppealRequest(request_id=request_id or new_request_id(), member_id=member_id, text=text)
        return (await self._stub.Appeal(request)).appeal

    async def list_decisions(
        self,
        *,
        outcomes: Sequence[risk.Outcome.ValueType] = (),
        scene: str = "",
        subject: risk.SubjectName | None = None,
        rule_id: str = "",
        start: datetime | None = None,
        end: datetime | None = None,
        page_size: int = 0,
        page_token: str = "",
    ) -> pb.ListDecisionsResponse:
        """One page of recorded decisions, the newest first."""
        request = pb.ListDecisionsRequest(
            outcomes=outcomes,
            scene=scene,
            subject=subject,
            rule_id=rule_id,
            start_time=timestamp_of(start),
            end_time=timestamp_of(end),
            page_size=page_size,
            page_token=page_token,
        )
        return await self._stub.ListDecisions(request)

    async def explain_decision(self, decision_id: str) -> pb.ExplainDecisionResponse:
        """What every rule made of a call."""
        return await self._stub.ExplainDecision(pb.ExplainDecisionRequest(decision_id=decision_id))

    async def replay_decisions(
        self, start: datetime, *, end: datetime | None = None, draft: risk.RuleSet | None = None
    ) -> pb.ReplayDecisionsResponse:
        """Decides recorded calls again, by the rules that they cite or by a draft."""
        request = pb.ReplayDecisionsRequest(
            start_time=timestamp_of(start), end_time=timestamp_of(end), draft=draft
        )
        return await self._stub.ReplayDecisions(request)

    async def simulate_rules(
        self, draft: risk.RuleSet, start: datetime, *, end: datetime | None = None
    ) -> pb.SimulateRulesResponse:
        """Who a draft would newly have refused."""
        request = pb.SimulateRulesRequest(
            draft=draft, start_time=timestamp_of(start), end_time=timestamp_of(end)
        )
        return await self._stub.SimulateRules(request)

    async def list_hot_subjects(
        self, *, period: timedelta | None = None, scene: str = "", limit: int = 0
    ) -> Sequence[risk.HotSubject]:
        """Who used most of a limit lately."""
        request = pb.ListHotSubjectsRequest(period=duration_of(period), scene=scene, limit=limit)
        return (await self._stub.ListHotSubjects(request)).subjects
