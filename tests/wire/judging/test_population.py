"""The short form of `make population`: honest members beside an attack."""

from pathlib import Path

from tests.population.crowds import BURST
from tests.population.run import run
from tests.servers import Redis

MEMBERS, BURSTS = 60, 2


async def test_an_honest_population_sees_no_refusal_while_an_attack_sees_hardly_anything_else(
    valkey: Redis, tmp_path: Path
) -> None:
    outcome = await run(valkey.url, tmp_path, MEMBERS, BURSTS)
    assert outcome.honest.refused == 0
    assert outcome.honest.admitted == MEMBERS * BURSTS * BURST
    assert outcome.scan.late_admitted == 0
    # A machine that is busy elsewhere sends a smaller attack, of which the same few calls are admitted.
    assert outcome.hammer.late_admitted <= 40
    assert outcome.hammer.late_refused > outcome.hammer.late_admitted
