"""Answers that only read: rules, the list, the record of decisions."""

from sqlalchemy import Connection

from domain.risk.chain import first_broken
from domain.risk.decisions import decide, deciding, found
from domain.risk.standing import standing
from domain.risk.states import State
from domain.shared.instants import MINUTE
from nectary.risk.v1 import risk_pb2
from nectary.risk.v1 import risk_service_pb2 as pb
from servers.mesh.clock import Clock
from servers.mesh.pages import Query, position_of, size_of, token_of
from servers.mesh.timestamps import microseconds_of, timestamp_of
from servers.risk.sql import decision_lists, suspects
from servers.risk.sql.appeals import SqlAppeals
from servers.risk.sql.rules import Revision, SqlRules
from servers.risk.sql.suspects import SqlSuspects
from servers.risk.trials import Trials, is_same
from servers.risk.wire import decisions as decision_wire
from servers.risk.wire.rules import rule_set
from servers.risk.wire.suspects import suspect, transition
from servers.risk.wire.values import KINDS, OUTCOMES, STATES, optional_instant, own_subject, subject
from servers.store.store import Store

SHOWN_TRANSITIONS = 200
LISTED_STATES = (State.SUSPECT, State.CHALLENGED, State.CONFIRMED, State.ALLOWED)
"""What is listed if nobody says otherwise."""
DEFAULT_HOT = 50
"""Hot subjects, if nobody says how many."""
MOST_HEARD = 20_000
"""Calls by which heat is measured."""


class Reads:
    """For the caller of the present RPC."""

    def __init__(self, store: Store, clock: Clock, trials: Trials) -> None:
        self._store = store
        self._clock = clock
        self._trials = trials

    async def rules(self, request: pb.GetRulesRequest) -> pb.GetRulesResponse:
        at = optional_instant(request, "at")

        def look(connection: Connection) -> Revision:
            rules = SqlRules(connection)
            if request.revision:
                return rules.revision(request.revision)
            return rules.in_force(self._clock.now() if at is None else at)

        found = await self._store.read(look)
        return pb.GetRulesResponse(
            rule_set=rule_set(found.rules.rules),
            revision=found.rules.revision,
            effective_time=None if found.effective is None else timestamp_of(found.effective),
            actor=found.actor,
            reason=found.reason,
        )

    async def suspects(self, request: pb.ListSuspectsRequest) -> pb.ListSuspectsResponse:
        kind = KINDS.own_or_none(request.kind)
        states = [STATES.own(state) for state in request.states] or LISTED_STATES
        wanted = suspects.Filter(states, request.scene, kind.value if kind else "", request.appealing)
        query: Query = ["suspects", *sorted(states), *map(str, wanted[1:])]
        before, size, now = (
            position_of(query, request.page_token),
            size_of(request.page_size),
            self._clock.now(),
        )

        def look(connection: Connection) -> tuple[list[risk_pb2.Suspect], int]:
            rows = suspects.listed(connection, wanted, now, before, size + 1)
            appeals = SqlAppeals(connection)
            shown = [suspect(row.entry, appeals.newest(row.entry.subject), now) for row in rows[:size]]
            return shown, rows[size - 1].id if len(rows) > size else 0

        shown, place = await self._store.read(look)
        return pb.ListSuspectsResponse(
            suspects=shown, next_page_token=token_of(query, place) if place else ""
        )

    async def subject(self, request: pb.GetSubjectRequest) -> pb.GetSubjectResponse:
        one, now = own_subject(request.subject, "subject"), self._clock.now()

        def look(connection: Connection) -> pb.GetSubjectResponse:
            listed = SqlSuspects(connection)
            entry, chain = listed.get(one), listed.transitions(one)
            return pb.GetSubjectResponse(
                suspect=suspect(entry, SqlAppeals(connection).newest(one), now),
                transitions=[transition(link) for link in reversed(chain[-SHOWN_TRANSITIONS:])],
                chain_intact=first_broken(chain, entry) is None,
            )

        return await self._store.read(look)

    async def decisions(self, request: pb.ListDecisionsRequest) -> pb.ListDecisionsResponse:
        wanted = decision_lists.Filter(
            outcomes=[OUTCOMES.own(outcome).value for outcome in request.outcomes],
            scene=request.scene,
            subject=own_subject(request.subject, "subject") if request.HasField("subject") else None,
            rule_id=request.rule_id,
            start=optional_instant(request, "start_time"),
            end=optional_instant(request, "end_time"),
        )
        query: Query = ["decisions", *map(str, wanted)]
        before, size = position_of(query, request.page_token), size_of(request.page_size)
        rows = await self._store.read(decision_lists.decisions_page, wanted, before, size + 1)
        return pb.ListDecisionsResponse(
            decisions=[decision_wire.decision_record(row.record) for row in rows[:size]],
            next_page_token=token_of(query, rows[size - 1].id) if len(rows) > size else "",
        )

    async def explanation(self, request: pb.ExplainDecisionRequest) -> pb.ExplainDecisionResponse:
        def look(connection: Connection) -> pb.ExplainDecisionResponse:
            record = decision_lists.decision_named(connection, request.decision_id)
            rules = SqlRules(connection).revision(record.revision).rules
            evidence = decision_lists.evidence_of(record)
            said = found(rules, evidence)
            to_rules = standing(evidence.facts, evidence.seen).leaves_it_to_rules
            return pb.ExplainDecisionResponse(
                decision=decision_wire.decision_record(record),
                subjects=decision_wire.subject_findings(evidence),
                rules=decision_wire.rule_findings(said, deciding(said) if to_rules else None),
                replays=is_same(record, decide(rules, evidence)),
            )

        return await self._store.read(look)

    async def hot_subjects(self, request: pb.ListHotSubjectsRequest) -> pb.ListHotSubjectsResponse:
        period = microseconds_of(request.period) if request.HasField("period") else MINUTE
        now = self._clock.now()
        wanted = decision_lists.Filter(scene=request.scene, start=now - period)
        heat, limit = await self._trials.heat(wanted, MOST_HEARD), request.limit or DEFAULT_HOT

        def look(connection: Connection) -> list[risk_pb2.HotSubject]:
            listed = SqlSuspects(connection)
            return [
                risk_pb2.HotSubject(
                    subject=subject(place.subject),
                    rule_id=place.rule_id,
                    scene=one.scene,
                    units=one.units,
                    used=one.used,
                    calls=one.calls,
                    refused=one.refused,
                    state=STATES.wire(listed.get(place.subject).state_at(now)),
                )
                for place, one in heat.hottest(limit)
            ]

        return pb.ListHotSubjectsResponse(subjects=await self._store.read(look))
