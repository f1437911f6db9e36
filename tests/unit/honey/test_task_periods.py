"""Until when events of a period count: its turn, the end of the version, or the next one (AP-2)."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.honey.task_rules import Points, Rhythm, TaskVersion, Times, counts_until, in_force
from domain.shared.instants import DAY, HOUR, LATEST, Instant, from_datetime

FIRST: Instant = from_datetime(datetime(2026, 2, 20, tzinfo=UTC))
INSTANTS = st.integers(0, 24 * 100).map(lambda hours: FIRST + hours * HOUR)
ZONES = st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC"])


@st.composite
def versions_of_a_task(draw: st.DrawFn) -> list[TaskVersion]:
    """As rules may have them: each opens after the one before."""
    opens = sorted(draw(st.sets(INSTANTS, min_size=1, max_size=3)))
    zone = draw(ZONES)
    return [
        TaskVersion(
            task_id="rides",
            version=number,
            title="Ride",
            scene="ride",
            goal=Times(2),
            reward=Points(10),
            opens=opened,
            closes=min(opened + draw(st.integers(1, 60) | st.just(10**7)) * DAY, LATEST),
            rhythm=draw(st.sampled_from(Rhythm)),
            zone=zone,
        )
        for number, opened in enumerate(opens, 1)
    ]


@given(versions_of_a_task(), INSTANTS)
def test_events_count_in_their_period_until_its_end_and_not_at_it(
    versions: list[TaskVersion], at: Instant
) -> None:
    task = in_force(versions, at)
    if task is None:
        return
    end = counts_until(task, versions, task.period(at))

    def counts(event: Instant) -> bool:
        return in_force(versions, event) == task and task.period(event) == task.period(at)

    if end is None:
        assert counts(FIRST + 10_000 * DAY)
        return
    assert at < end
    assert all(counts(event) for event in (at, (at + end) // 2, end - 1))
    assert not counts(end)


def test_a_task_that_is_done_once_and_never_closes_has_no_end() -> None:
    task = TaskVersion("rides", 1, "Ride", "ride", Times(2), Points(10), opens=FIRST)
    assert counts_until(task, [task], FIRST) is None
