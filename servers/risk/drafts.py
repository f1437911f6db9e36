"""Rules that are not in force yet: checked, tried on recorded calls, applied."""

from domain.risk.commands.rules import ApplyRules, Planned, apply_rules, plan_rules
from domain.risk.dangers import dangers
from domain.risk.rules import Rule, RuleSet
from domain.risk.rules_check import violations
from domain.risk.trial import Trial
from domain.shared.errors import FieldViolation, Invalid
from domain.shared.instants import HOUR, Instant
from nectary.risk.v1 import risk_pb2
from nectary.risk.v1 import risk_service_pb2 as pb
from servers.mesh.judging.conditions import what_is_wrong
from servers.mesh.timestamps import instant_of
from servers.risk.asking import Asking
from servers.risk.sql.decision_lists import Filter
from servers.risk.sql.rules import SqlRules
from servers.risk.trials import Difference, Trials
from servers.risk.wire.decisions import decision, decision_record
from servers.risk.wire.rules import change, draft_of
from servers.risk.wire.values import OUTCOMES, optional_instant, subject

LATELY = HOUR
"""Calls of this time tell whether rules would newly refuse many."""
MOST_HEARD = 5_000
"""Of them, so that applying takes a second or two."""
SHOWN_VICTIMS = 200


class Drafts:
    """For the caller of the present RPC."""

    def __init__(self, ask: Asking, trials: Trials) -> None:
        self._ask = ask
        self._trials = trials

    async def apply(self, request: pb.ApplyRulesRequest) -> pb.ApplyRulesResponse:
        """Raises Invalid (RULES_INCONSISTENT); a plan lists instead what is wrong."""
        rules = draft_of(request.rule_set)
        wrong = violations(RuleSet(0, rules), what_is_wrong)
        if wrong and request.validate_only:
            return pb.ApplyRulesResponse(violations=[_violation(one) for one in wrong])
        _require_sound(wrong)
        command = ApplyRules(rules, await self._dangers(rules), request.expected_revision, request.plan_etag)
        if request.validate_only:
            return _plan(await self._ask.look(plan_rules, command))
        return await self._ask.once(request, pb.ApplyRulesResponse, apply_rules, command, _applied)

    async def replay(self, request: pb.ReplayDecisionsRequest) -> pb.ReplayDecisionsResponse:
        """Raises Invalid (RULES_INCONSISTENT)."""
        draft = self._sound(request.draft, "draft") if request.HasField("draft") else None
        done = await self._trials.replay(_period(request), draft)
        return pb.ReplayDecisionsResponse(
            replayed=done.replayed,
            same=done.same,
            unreadable=done.unreadable,
            differences=[_difference(one) for one in done.differences],
        )

    async def simulate(self, request: pb.SimulateRulesRequest) -> pb.SimulateRulesResponse:
        """Raises Invalid (RULES_INCONSISTENT)."""
        tried = await self._trials.simulate(_period(request), self._sound(request.draft, "draft"))
        trial = tried.trial
        return pb.SimulateRulesResponse(
            calls=trial.calls,
            refused_before=trial.refused_before,
            refused_after=trial.refused_after,
            active_subjects=trial.active_subjects,
            newly_refused_subjects=trial.newly_refused_subjects,
            newly_refused=_victims(trial),
            unreadable=tried.unreadable,
        )

    async def _dangers(self, rules: tuple[Rule, ...]) -> tuple[str, ...]:
        """What speaks against them, by the rules in force and the calls of late."""
        now = self._ask.clock.now()
        in_force = await self._ask.store.read(lambda connection: SqlRules(connection).latest())
        tried = await self._trials.simulate(Filter(start=now - LATELY), RuleSet(0, rules), MOST_HEARD)
        return tuple(dangers(in_force, RuleSet(0, rules), tried.trial))

    @staticmethod
    def _sound(message: risk_pb2.RuleSet, field: str) -> RuleSet:
        draft = RuleSet(0, draft_of(message))
        wrong = violations(draft, what_is_wrong)
        _require_sound(
            [
                FieldViolation(one.field.replace("rule_set", field, 1), one.reason, one.description)
                for one in wrong
            ]
        )
        return draft


def _require_sound(wrong: list[FieldViolation]) -> None:
    if wrong:
        raise Invalid(wrong, "RULES_INCONSISTENT", "the rules cannot be applied")


def _period(request: pb.ReplayDecisionsRequest | pb.SimulateRulesRequest) -> Filter:
    return Filter(start=instant_of(request.start_time), end=optional_instant(request, "end_time"))


def _plan(planned: Planned) -> pb.ApplyRulesResponse:
    response = _applied(planned, 0)
    response.needs_confirmation = bool(planned.dangers)
    response.etag = planned.etag
    return response


def _applied(planned: Planned, _: Instant) -> pb.ApplyRulesResponse:
    return pb.ApplyRulesResponse(
        revision=planned.rules.revision,
        changes=[change(one) for one in planned.changes],
        warnings=planned.dangers,
    )


def _violation(own: FieldViolation) -> risk_pb2.RuleViolation:
    return risk_pb2.RuleViolation(field=own.field, reason=own.reason, description=own.description)


def _difference(own: Difference) -> pb.ReplayDifference:
    return pb.ReplayDifference(
        recorded=decision_record(own.record), replayed=decision(own.replayed, own.record.decision_id)
    )


def _victims(trial: Trial) -> list[risk_pb2.NewlyRefused]:
    return [
        risk_pb2.NewlyRefused(
            subject=subject(victim.subject),
            scene=victim.scene,
            rule_id=victim.rule_id,
            outcome=OUTCOMES.wire(victim.outcome),
            calls=calls,
        )
        for victim, calls in trial.victims.most_common(SHOWN_VICTIMS)
    ]
