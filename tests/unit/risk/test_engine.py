"""The company's engine: asked once, remembered, and missed by nobody."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from domain.risk.states import State
from domain.risk.subjects import Subject, SubjectKind
from domain.shared.instants import SECOND
from servers.mesh.http_client import Endpoint
from servers.risk.engine import MAX_REASON, TIMEOUT_SECONDS, Assessment, Engine, HttpEngine
from servers.risk.simulators import Simulator
from tests.fakes import FakeClock

MULE = Subject(SubjectKind.MEMBER, "mule")
SCENE = "identity.purchase"
SAYS = {"state": "CONFIRMED", "reason": "known elsewhere", "keep_seconds": 60}


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(assessments={"mule": SAYS}) as simulator:
        yield simulator


@pytest.fixture
async def engine(simulator: Simulator, clock: FakeClock) -> AsyncIterator[Engine]:
    engine = Engine(HttpEngine(Endpoint(simulator.engine_url)), clock)
    yield engine
    await engine.close()


def now() -> float:
    return asyncio.get_running_loop().time()


async def soon(look: Callable[[], Assessment | None]) -> Assessment | None:
    """What is seen once something is; None if nothing is for some seconds."""
    for _ in range(1_000):
        if (seen := look()) is not None:
            return seen
        await asyncio.sleep(0.005)
    return None


async def test_its_answer_is_kept_as_long_as_it_says(
    engine: Engine, simulator: Simulator, clock: FakeClock
) -> None:
    first = await engine.assess(MULE, SCENE)
    assert first == Assessment(State.CONFIRMED, "known elsewhere", 60)
    clock.advance(59 * SECOND)
    assert await engine.assess(MULE, SCENE) == first
    assert simulator.tries == 1
    clock.advance(SECOND)
    await engine.assess(MULE, SCENE)
    assert simulator.tries == 2


async def test_many_who_ask_the_same_are_one_question(engine: Engine, simulator: Simulator) -> None:
    answers = await asyncio.gather(*(engine.assess(MULE, SCENE) for _ in range(50)))
    assert {answer.state for answer in answers if answer} == {State.CONFIRMED}
    assert simulator.tries == 1


async def test_one_who_is_cancelled_takes_the_answer_from_nobody(
    engine: Engine, simulator: Simulator
) -> None:
    simulator.delay_seconds = 0.05
    impatient = asyncio.create_task(engine.assess(MULE, SCENE))
    patient = asyncio.create_task(engine.assess(MULE, SCENE))
    await asyncio.sleep(0.01)
    impatient.cancel()
    answer = await patient
    assert answer is not None
    assert answer.state is State.CONFIRMED


async def test_who_may_not_wait_sees_what_is_known_and_has_the_rest_asked(
    engine: Engine, simulator: Simulator
) -> None:
    assert engine.known(MULE, SCENE) is None
    assert await soon(lambda: engine.known(MULE, SCENE)) == Assessment(State.CONFIRMED, "known elsewhere", 60)
    assert simulator.tries == 1


async def test_an_engine_that_is_mute_costs_a_little_time_and_then_none(
    engine: Engine, simulator: Simulator
) -> None:
    simulator.delay_seconds = 60
    began = now()
    members = [Subject(SubjectKind.MEMBER, f"m-{number}") for number in range(20)]
    assert await asyncio.gather(*(engine.assess(member, SCENE) for member in members)) == [None] * 20
    assert now() - began < 3 * TIMEOUT_SECONDS
    began = now()
    for member in members:
        await engine.assess(member, SCENE)
    assert now() - began < 2 * TIMEOUT_SECONDS, "but for one probe the breaker is open"


async def test_an_engine_that_comes_back_is_asked_again(engine: Engine, simulator: Simulator) -> None:
    simulator.status = 500
    await asyncio.gather(*(engine.assess(Subject(SubjectKind.MEMBER, str(n)), SCENE) for n in range(9)))
    simulator.status = 200
    await asyncio.gather(*(engine.assess(Subject(SubjectKind.MEMBER, str(n)), SCENE) for n in range(9)))
    assert simulator.tries == 10, "of nine questions one was a probe"
    assert await soon(lambda: engine.known(MULE, SCENE)) is not None


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        {"state": "CONFIRMED"},
        {"state": "WORSE", "keep_seconds": 1},
        {"state": "ALLOWED", "keep_seconds": 1},
        {"state": "CONFIRMED", "keep_seconds": "1"},
    ],
)
async def test_nonsense_is_no_answer(
    engine: Engine, simulator: Simulator, nonsense: dict[str, object]
) -> None:
    simulator.assessments["mule"] = nonsense
    assert await engine.assess(MULE, SCENE) is None


async def test_what_it_says_is_bounded(engine: Engine, simulator: Simulator) -> None:
    simulator.assessments["mule"] = {"state": "SUSPECT", "reason": "x" * 10_000, "keep_seconds": 10**9}
    answer = await engine.assess(MULE, SCENE)
    assert answer is not None
    assert len(answer.reason) == MAX_REASON
    assert answer.keep_seconds == 3_600
