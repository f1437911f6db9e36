"""The limiter as the risk interceptor sees it: rules from outside, exchanged while it runs."""

from redis.asyncio import Redis as RedisClient

from domain.risk.limit import Limit
from nectary.risk.v1 import policy_pb2 as risk
from servers.mesh.limiting.rules import Rule, RuleLimiter, Rules
from servers.mesh.subjects import Subject
from tests.contract.limiting.replicas import replica
from tests.servers import Redis

ANN = [Subject(risk.SUBJECT_MEMBER, "ann")]
BOUNDED = risk.FAILURE_CLASS_BOUNDED


def rules(version: int, units: int) -> Rules:
    return Rules(version, [Rule(Limit(1, "member", units, 60_000, name="purchases"), "identity.purchase")])


async def test_a_refusal_says_which_rule_of_which_version_it_was_and_when_to_come_back(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    async with replica(redis_server.url) as windows:
        limiter = RuleLimiter(windows, rules(7, units=1))
        assert (await limiter.decide(ANN, "identity.purchase", 1, BOUNDED)).allowed
        refused = await limiter.decide(ANN, "identity.purchase", 1, BOUNDED)
        assert (await limiter.decide(ANN, "identity.read", 1, BOUNDED)).allowed
    assert (refused.allowed, refused.evidence) == (False, "purchases (rule 1 v7)")
    assert 59_000 < refused.retry_after_ms <= 66_000


async def test_new_rules_count_from_where_the_old_ones_were(
    redis_server: Redis, redis_client: RedisClient
) -> None:
    async with replica(redis_server.url) as windows:
        limiter = RuleLimiter(windows, rules(1, units=1))
        allowed = [(await limiter.decide(ANN, "identity.purchase", 1, BOUNDED)).allowed for _ in range(3)]
        limiter.rules = rules(2, units=3)
        allowed += [(await limiter.decide(ANN, "identity.purchase", 1, BOUNDED)).allowed for _ in range(3)]
    assert allowed == [True, False, False, True, True, False]


async def test_a_scene_as_a_whole_can_be_limited(redis_server: Redis, redis_client: RedisClient) -> None:
    async with replica(redis_server.url) as windows:
        whole = Rules(1, [Rule(Limit(1, "scene", 2, 60_000))])
        limiter = RuleLimiter(windows, whole)
        everyone = [[Subject(risk.SUBJECT_MEMBER, name)] for name in ("ann", "bob", "eve")]
        allowed = [(await limiter.decide(who, "identity.read", 1, BOUNDED)).allowed for who in everyone]
    assert allowed == [True, True, False]
