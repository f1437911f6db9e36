"""What waits for a sink: bounded, and what must be kept is given up last."""

from hypothesis import given
from hypothesis import strategies as st

from servers.mesh.judging.backlog import Backlog

KEPT, ORDINARY = 5, 3


@given(st.lists(st.one_of(st.booleans(), st.just("take")), max_size=60))
def test_nothing_that_must_be_kept_is_left_out_before_both_rooms_are_full(steps: list[bool | str]) -> None:
    backlog = Backlog[tuple[int, bool]](KEPT, ORDINARY)
    put: dict[bool, list[int]] = {True: [], False: []}
    taken: dict[bool, list[int]] = {True: [], False: []}
    for number, step in enumerate(steps):
        lost, waiting = backlog.lost, len(backlog)
        if isinstance(step, bool):
            backlog.put((number, step), step)
            put[step].append(number)
            kept_waiting = len(put[True]) - len(taken[True]) - backlog.lost
            assert (backlog.lost == lost) or kept_waiting == KEPT + ORDINARY
        else:
            for item, must_be_kept in backlog.take(2):
                taken[must_be_kept].append(item)
        assert len(backlog) <= KEPT + ORDINARY
        assert waiting <= KEPT + ORDINARY
    for item, must_be_kept in backlog.take(100):
        taken[must_be_kept].append(item)

    assert all(taken[kind] == sorted(taken[kind]) for kind in taken), "each kind in its order"
    assert len(taken[True]) + backlog.lost == len(put[True])
    assert len(taken[False]) + backlog.dropped == len(put[False])


def test_ordinary_things_give_way_once_the_others_fill_their_room() -> None:
    backlog = Backlog[str](kept=2, ordinary=2)
    for name in ("o1", "o2", "o3"):
        backlog.put(name, must_be_kept=False)
    assert backlog.dropped == 1
    for name in ("k1", "k2", "k3"):
        backlog.put(name, must_be_kept=True)
    backlog.put("o4", must_be_kept=False)

    assert backlog.take(10) == ["k1", "k2", "k3", "o2"]
    assert (backlog.dropped, backlog.lost) == (3, 0)
