"""RK-2: every recorded decision of a server is decided again from its record, and comes out the same."""

import random
from functools import partial
from pathlib import Path

import grpc
import orjson
import redis.asyncio

from domain.risk.canonical import decoded
from domain.risk.decisions import Decision, decide
from domain.risk.evidence import Evidence
from domain.risk.rules import Limit, Outcome, Rollout, Rule, RuleSet, Verdict
from domain.risk.states import State
from domain.risk.subjects import SubjectKind
from nectary.testing.v1 import echo_service_pb2 as pb
from servers.mesh.judging.record import DecisionRecord
from tests.wire.judging.conftest import Court, Judged
from tests.wire.judging.publishing import an_entry, list_entries, put_in_force
from tests.wire.mesh.certificates import Authority, service
from tests.wire.mesh.running import until

MEMBER = (SubjectKind.MEMBER,)
HALF, SHADOW = Rollout(percentage=50), Rollout(shadow=True)
PLAIN = (
    Rule("pace", "Pace", "me", Limit(MEMBER, 1, 20)),
    Rule("few", "Few a minute", "me", Limit(MEMBER, 6, 60_000), condition="has_member", version=3),
    Rule("scene", "All of a scene", "me", Limit((SubjectKind.SCENE,), 150, 60_000)),
    Rule("both", "A member by a caller", "me", Limit((SubjectKind.MEMBER, SubjectKind.CALLER), 7, 60_000)),
    Rule("elsewhere", "Another scene", "me", Limit(MEMBER, 0, 60_000), scenes=("identity.*",)),
)
MIXED = (
    *PLAIN,
    Rule("shadow", "In shadow", "me", Limit(MEMBER, 2, 60_000), rollout=SHADOW),
    Rule("half", "For half of them", "me", Limit(MEMBER, 4, 60_000), rollout=HALF),
    Rule("deny", "Suspects", "me", Verdict(Outcome.DENY, "suspect"), condition="member_state == 'SUSPECT'"),
    Rule("prove", "Half of all", "me", Verdict(Outcome.CHALLENGE, "prove"), rollout=Rollout(percentage=10)),
    Rule("broken", "Fails", "me", Verdict(Outcome.DENY, "broken"), condition="1 / (cost - 1) == 1"),
)
STATES = {"m0": State.CONFIRMED, "m1": State.CHALLENGED, "m2": State.SUSPECT, "m3": State.ALLOWED}


def again(rules: RuleSet, record: DecisionRecord) -> Decision:
    return decide(rules, decoded(Evidence, orjson.dumps(record.evidence)))


def recorded(record: DecisionRecord) -> tuple[object, ...]:
    return (record.outcome, record.reason, record.rule_id, record.rule_version, record.revision, record.would)


def told(decision: Decision) -> tuple[object, ...]:
    would = tuple((one.rule_id, one.rule_version, one.outcome) for one in decision.would)
    return (
        decision.outcome,
        decision.reason,
        decision.rule_id,
        decision.rule_version,
        decision.revision,
        would,
    )


def is_in_force(court: Court, revision: int) -> bool:
    return court.in_force == revision


async def test_rk2_every_record_of_every_kind_replays(
    judged: Judged, redis_client: "redis.asyncio.Redis", tmp_path: Path
) -> None:
    chance = random.Random(7)
    authority = Authority()
    credentials = authority.credentials(authority.leaf(service("honey")))
    await list_entries(redis_client, *(an_entry(SubjectKind.MEMBER, m, s) for m, s in STATES.items()))
    outcomes, calls = set(), 0
    async with judged(credentials=credentials, **authority.settings(tmp_path)) as court:
        by_revision = {0: court.chambers.rules.in_force.rules}
        for revision, rules in enumerate((PLAIN, MIXED), 1):
            by_revision[revision] = RuleSet(revision, rules)
            await put_in_force(redis_client, *rules, revision=revision)
            await until(partial(is_in_force, court, revision))
            for _ in range(150):
                members = [f"m{chance.randrange(12)}" for _ in range(chance.choice([0, 1, 1, 1, 2, 5, 20]))]
                calls += 1
                try:
                    await court.server.stub.Look(pb.LookRequest(member_ids=members))
                except grpc.aio.AioRpcError:
                    continue
        for record in await court.records(calls):
            outcomes.add((record.outcome, record.reason))
            assert told(again(by_revision[record.revision], record)) == recorded(record)
    assert {outcome for outcome, _ in outcomes} == set(Outcome)
    assert {"TOO_FAST", "THROTTLED", "SUBJECT_DENIED", "CHALLENGE_REQUIRED"} <= {why for _, why in outcomes}
