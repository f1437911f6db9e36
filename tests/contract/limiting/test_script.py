"""The script against the model and the exact log, briefly; `make limits` does it at length."""

from redis.asyncio import Redis as RedisClient

from tests.limiting.differential import compared
from tests.limiting.histories import COMPARED, JUDGED
from tests.limiting.under_test import ScriptUnderTest
from tests.servers import Redis

STEPS = 15_000


def test_script_model_and_log_agree_step_by_step(redis_server: Redis, redis_client: RedisClient) -> None:
    script = ScriptUnderTest(redis_server.url)
    tally = compared(script, STEPS, seed=0)
    script.close()
    assert tally.violations == []
    assert tally.steps.keys() == {*JUDGED, *COMPARED}
    assert min(tally.admitted, tally.refused, tally.promises) > STEPS / 50
